import { type Command, Option } from 'commander'
import type { Duration } from '../../core/model/duration.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { Until } from '../../core/model/until.ts'
import { progressText } from '../../core/observability/progress.ts'
import { drainOnSignals } from '../../platform/process-signals.ts'
import { type RunOptions, type RunOutcome, runPipeline } from '../../platform/run.ts'
import { ledgerText } from '../../platform/status/ledger-text.ts'
import { FAILPOINT_VARIABLE } from '../../platform/system/failpoints.ts'
import { parseCount, parseDuration, parseOffsets, parseSize, parseTime } from '../arguments.ts'
import { EXIT_FAILURE, exitCodeOf } from '../exit-codes.ts'
import type { Session } from '../session.ts'
import { notYet } from './not-yet.ts'

interface RunFlags {
  readonly untilCaughtUp?: boolean
  readonly untilOffsets?: Readonly<Record<string, number>>
  readonly untilTime?: number
  readonly workers?: number
  readonly epoch?: Duration
  readonly checkpoints?: string
  readonly state?: string
  readonly stateMemory?: number
  readonly sink?: string
}

export function addRun(program: Command, session: Session): void {
  program
    .command('run')
    .description('run the pipeline that a module exports; SIGTERM and SIGINT end it with one last epoch')
    .argument('<file>', 'module with a default export made by pipeline()')
    .option('--until-caught-up', 'stop at the ends that the splits have now')
    .addOption(
      new Option(
        '--until-offsets <list>',
        'stop each split before its offset: orders-0=1200,orders-1=900; waits for it',
      )
        .argParser(parseOffsets)
        .conflicts('untilCaughtUp'),
    )
    .addOption(
      new Option('--until-time <time>', 'stop each split before its first record of that time (RFC 3339 or epoch ms)')
        .argParser(parseTime)
        .conflicts(['untilCaughtUp', 'untilOffsets']),
    )
    .option('--workers <count>', 'threads (default: cores, but not more than splits)', parseCount)
    .option('--epoch <duration>', 'time between two epochs, such as 500ms or 30s', parseDuration)
    .option('--checkpoints <directory>', 'shared checkpoints, from which another host can go on')
    .option('--state <directory>', 'where state is kept (default: .millrace/<pipeline>)')
    .option(
      '--state-memory <size>',
      'memory that state may take, such as 2GiB; more of it moves to disk (default: half of all)',
      parseSize,
    )
    .option('--sink <word>', 'restore or fork, for a start from a savepoint')
    .option('--json', 'print the result as one JSON object, events as JSON lines on stderr')
    .action((file: string, flags: RunFlags) => run(session, file, flags))
}

async function run(session: Session, file: string, flags: RunFlags): Promise<void> {
  const { output } = session
  if (flags.sink !== undefined) throw sinkRefusal(flags.sink)
  const failAtOnce = (error: unknown): void => {
    output.error(error)
    process.exit(error instanceof MillraceError ? exitCodeOf(error) : EXIT_FAILURE)
  }
  process.on('uncaughtException', failAtOnce)
  process.on('unhandledRejection', failAtOnce)
  const job = runPipeline(file, runOptions(session, flags))
  const ignoreSignals = drainOnSignals(job, (signal) =>
    output.note(`${signal}: ending with one last epoch; again ends at once`),
  )
  try {
    const outcome = await job.done
    output.result('run', outcome, () => outcomeText(outcome))
  } catch (error) {
    // Threads of a job that did not drain in time still run: nothing but an exit ends them.
    if (error instanceof MillraceError && error.code === 'MR_DRAIN_TIMEOUT') failAtOnce(error)
    throw error
  } finally {
    ignoreSignals()
    process.off('uncaughtException', failAtOnce)
    process.off('unhandledRejection', failAtOnce)
  }
}

function runOptions({ output, env }: Session, flags: RunFlags): RunOptions {
  const { workers, epoch, checkpoints, state, stateMemory } = flags
  const until = untilOf(flags)
  return {
    logger: output.logger,
    onRunning: ({ pipeline, workers, epochMs, epoch }) => {
      const from = epoch === 0 ? 'from the start' : `on from epoch ${epoch}`
      output.note(`${pipeline} runs ${from}: workers ${workers}, epochs of ${epochMs / 1000} s`)
    },
    onProgress: (progress) => output.progress({ ...progress, lag: progress.lag ?? null }, () => progressText(progress)),
    failpoints: env[FAILPOINT_VARIABLE] ?? '',
    ...(until === undefined ? {} : { until }),
    ...(workers === undefined ? {} : { workers }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(checkpoints === undefined ? {} : { checkpointDirectory: checkpoints }),
    ...(state === undefined ? {} : { stateDirectory: state }),
    ...(stateMemory === undefined ? {} : { stateMemory }),
  }
}

function untilOf({ untilCaughtUp, untilOffsets, untilTime }: RunFlags): Until | undefined {
  if (untilOffsets !== undefined) return { offsets: untilOffsets }
  if (untilTime !== undefined) return { time: untilTime }
  return untilCaughtUp === true ? 'caught-up' : undefined
}

function sinkRefusal(word: string): MillraceError {
  if (word === 'restore' || word === 'fork') return notYet(`\`run --sink ${word}\``)
  return new MillraceError('MR_USAGE', `--sink is restore or fork, not "${word}"`)
}

function outcomeText({ pipeline, stateDirectory, epoch, ledger, imbalances }: RunOutcome): string {
  return [
    `${pipeline} stopped at epoch ${epoch}; state in ${stateDirectory}. Since the first start:`,
    '',
    ledgerText(ledger, imbalances),
  ].join('\n')
}
