import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { main } from '../../cli/main.ts'

/** What a command printed, and its exit code. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line inside this process. */
export async function runCommand(argv: readonly string[]): Promise<Finished> {
  const printed = { stdout: '', stderr: '' }
  const streamOf = (name: keyof typeof printed) => ({
    write: (text: string) => {
      printed[name] += text
      return true
    },
    once: () => undefined,
  })
  const code = await main(argv, { stdout: streamOf('stdout'), stderr: streamOf('stderr'), env: { CI: 'true' } })
  return { code, ...printed }
}

/** A command line in a process of its own. */
export interface SpawnedCommand {
  readonly child: ChildProcess
  /** Resolves when stderr holds `text`; rejects when the process ends without it. */
  says(text: string): Promise<void>
  readonly finished: Promise<Finished>
}

/** A test that failed before it ended its job must not wait for it for ever. */
const LONGEST_MS = 120_000

/** Starts a command line as a user would, in `directory`. */
export function spawnCommand(
  directory: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): SpawnedCommand {
  const bin = join(import.meta.dirname, '../../bin/millrace.js')
  const child = spawn(process.execPath, ['-C', 'millrace-source', bin, ...argv], {
    cwd: directory,
    stdio: 'pipe',
    env: { ...process.env, ...env },
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  })
  const printed = { stdout: '', stderr: '' }
  child.stdout.on('data', (bytes) => {
    printed.stdout += bytes
  })
  child.stderr.on('data', (bytes) => {
    printed.stderr += bytes
  })
  const finished = once(child, 'close').then(([code]) => ({ code: Number(code), ...printed }))
  const says = async (text: string): Promise<void> => {
    while (!printed.stderr.includes(text)) {
      const ended = await Promise.race([once(child.stderr, 'data').then(() => false), finished.then(() => true)])
      if (ended && !printed.stderr.includes(text))
        throw new Error(`it ended without saying "${text}": ${printed.stderr}`)
    }
  }
  return { child, says, finished }
}
