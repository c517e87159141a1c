import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Root of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every TypeScript and JavaScript file that people write, relative to the root. */
export function sourceFiles(): string[] {
  const rooms = '{core,formats,operators,connectors,state,platform,cli,examples,benchmarks,scripts,tests,bin}'
  const isWritten = (file: string) => !file.includes('node_modules') && !file.endsWith('.wasm.ts')
  return globSync(`${rooms}/**/*.{ts,js}`, { cwd: root }).filter(isWritten)
}
