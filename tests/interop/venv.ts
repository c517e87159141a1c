import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, '.venv')
const requirements = join(root, 'tests', 'interop', 'requirements.txt')
const stamp = join(folder, 'installed-requirements.txt')
const interpreter = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python')

/**
 * The Python of `.venv` with the pinned readers of tests/interop/requirements.txt, installed on first use. Without a
 * usable python3 it prints the reason and answers undefined; under CI=true it throws instead, so nothing is skipped.
 */
export async function pythonInterpreter(): Promise<string | undefined> {
  if (isInstalled()) return interpreter
  const failure = install()
  if (failure === undefined) return interpreter
  if (process.env.CI === 'true') throw new Error(failure)
  console.error(`interop skipped: ${failure}`)
  return undefined
}

function isInstalled(): boolean {
  if (!existsSync(interpreter) || !existsSync(stamp)) return false
  return readFileSync(stamp, 'utf8') === readFileSync(requirements, 'utf8')
}

/** Makes the environment; answers what went wrong. */
function install(): string | undefined {
  const created = run('python3', ['-m', 'venv', '--clear', folder])
  if (created !== undefined) return `no virtual environment: ${created}`
  const installed = run(interpreter, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    requirements,
  ])
  if (installed !== undefined) return `the readers could not be installed: ${installed}`
  writeFileSync(stamp, readFileSync(requirements, 'utf8'))
  return undefined
}

function run(command: string, args: readonly string[]): string | undefined {
  const result: SpawnSyncReturns<string> = spawnSync(command, args, { encoding: 'utf8' })
  if (result.error !== undefined) return `${command}: ${result.error.message}`
  return result.status === 0 ? undefined : `${command} ended with ${result.status}: ${result.stderr.trim()}`
}
