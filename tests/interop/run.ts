import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pythonInterpreter } from './venv.ts'

/** Runs every test that needs readers or writers which are not ours. One at a time: each starts processes of its own. */
const folder = fileURLToPath(new URL('.', import.meta.url))
// Installed once here: test files in processes of their own would race for it.
await pythonInterpreter()
const tests = globSync('*.test.ts', { cwd: folder }).sort()
const args = ['-C', 'millrace-source', '--test', '--test-concurrency=1', ...tests]
const result = spawnSync(process.execPath, args, { cwd: folder, stdio: 'inherit' })
if (result.error !== undefined) throw result.error
process.exitCode = result.status ?? 1
