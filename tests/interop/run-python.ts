import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Runs a script of this folder and answers the JSON that it prints; throws with what it said where it fails. */
export function runPython(interpreter: string, script: string, args: readonly string[]): unknown {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const result = spawnSync(interpreter, [path, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (result.error !== undefined) throw result.error
  if (result.status !== 0) throw new Error(`${script} ended with ${result.status ?? result.signal}: ${result.stderr}`)
  return JSON.parse(result.stdout)
}
