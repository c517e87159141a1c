import { Command, CommanderError } from 'commander'
import { MillraceError } from '../core/model/errors.ts'
import { packageVersion } from '../platform/system/package-version.ts'
import { addCheckpoint } from './commands/checkpoint.ts'
import { addDoctor } from './commands/doctor.ts'
import { addLag } from './commands/lag.ts'
import { addLog } from './commands/log/log.ts'
import { addNotYet } from './commands/not-yet.ts'
import { addPlan } from './commands/plan.ts'
import { addRun } from './commands/run.ts'
import { addStatus } from './commands/status.ts'
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE, exitCodeOf } from './exit-codes.ts'
import { Output, type TextStream } from './output.ts'
import type { Session } from './session.ts'

/** Where a command line runs: the process, or what a test gives. */
export interface Surroundings {
  readonly stdout: TextStream
  readonly stderr: TextStream
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Runs the command line `argv` (without node and script) and resolves with the exit code of the process. */
export async function main(argv: readonly string[], surroundings: Surroundings = process): Promise<number> {
  const { env, stdout, stderr } = surroundings
  const json = argv.includes('--json')
  const redraws = stderr.isTTY === true && !json && env.CI === undefined && env.TERM !== 'dumb'
  const output = new Output({ stdout, stderr, json, redraws })
  // A reader such as `head` that has seen enough.
  const hangUp = (error: NodeJS.ErrnoException): void => process.exit(error.code === 'EPIPE' ? EXIT_OK : EXIT_FAILURE)
  process.stdout.on('error', hangUp)
  try {
    await createProgram({ output, env }, surroundings).parseAsync([...argv], { from: 'user' })
    return EXIT_OK
  } catch (error) {
    if (error instanceof CommanderError) return reportUsage(output, error)
    output.error(error)
    return exitCodeOf(error)
  } finally {
    process.stdout.off('error', hangUp)
  }
}

function createProgram(session: Session, { stdout, stderr }: Surroundings): Command {
  const program = new Command('millrace')
    .description('Stream processing for Node.js: a crash anywhere loses nothing and repeats nothing.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: () => undefined,
    })
  addRun(program, session)
  addPlan(program, session)
  addDoctor(program, session)
  addStatus(program, session)
  addLag(program, session)
  addCheckpoint(program, session)
  addLog(program, session)
  addNotYet(program)
  return program
}

/** Help and version end a command line in commander's way: by an error with code 0. */
function reportUsage(output: Output, error: CommanderError): number {
  if (error.exitCode === 0) return EXIT_OK
  if (error.code !== 'commander.help') {
    const text = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
    output.error(new MillraceError('MR_USAGE', text))
  }
  return EXIT_USAGE
}
