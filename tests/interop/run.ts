import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pythonInterpreter } from './venv.ts'

/** Runs everything that needs readers or writers which are not ours, one at a time: each starts processes of its own. */
const folder = fileURLToPath(new URL('.', import.meta.url))
// Installed once here: test files in processes of their own would race for it.
await pythonInterpreter()
const tests = globSync('*.test.ts', { cwd: folder }).sort()
const isRead = run(['--test', '--test-concurrency=1', ...tests])
const isComputed = run(['flights.ts'])
process.exitCode = isRead && isComputed ? 0 : 1

function run(args: readonly string[]): boolean {
  const result = spawnSync(process.execPath, ['-C', 'millrace-source', ...args], { cwd: folder, stdio: 'inherit' })
  if (result.error !== undefined) throw result.error
  return result.status === 0
}
