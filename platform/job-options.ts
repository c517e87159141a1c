import { availableParallelism, totalmem } from 'node:os'
import type { RestartPolicy } from '../core/actors/restart-policy.ts'
import { type ByteSize, sizeBytes } from '../core/model/byte-size.ts'
import { type Duration, durationMs, positiveMs } from '../core/model/duration.ts'
import { MillraceError } from '../core/model/errors.ts'
import { resolveUntil, type Until } from '../core/model/until.ts'
import type { ExecutionPlan } from '../core/runtime/execution-plan.ts'
import { decideBounds, type SourceSplit } from '../core/runtime/job/bounds.ts'
import type { JobOptions } from '../core/runtime/job/job-ports.ts'
import { epochLengthOf } from './plan-pipeline.ts'

/** What a run lets its user choose about the job itself. */
export interface JobChoices {
  /** Read each split up to there, then stop. It is decided once, at the start; restarts do not move it. Default: go on for ever. */
  readonly until?: Until
  /** Threads. Default: as many as cores, but not more than splits. */
  readonly workers?: number
  /** Time between two epochs. Default: what the pipeline says, else what suits its sinks. */
  readonly epoch?: Duration
  /**
   * Memory that the state of all workers may take together. Above it the oldest state of `deduplicate` moves to disk
   * (`<state directory>/spill`); state that cannot, as of windows, ends the job with `MR_STATE_BUDGET`. Default: half of the
   * memory that the process may use.
   */
  readonly stateMemory?: ByteSize
  /** Time between looks for splits that appeared: partitions that were added, topics that match by now. Default 60 s. */
  readonly discoverSplits?: Duration
  /** Limits of restarts after failures. Default: three in five minutes. */
  readonly restarts?: RestartPolicy
}

const POLL_INTERVAL_MS = 50
const DISCOVER: Duration = '60s'
/** Half of the memory is left to batches, files under way, V8 and the operating system's cache. */
const STATE_SHARE = 0.5

/** Checks the options of a run and decides what it leaves open. Throws `MR_OPTION_INVALID`. */
export async function jobOptions(
  choices: JobChoices,
  { logical }: ExecutionPlan,
  splits: readonly SourceSplit[],
): Promise<JobOptions> {
  const { workers, epoch, until, restarts, discoverSplits = DISCOVER, stateMemory } = choices
  const epochMs = positiveMs('epoch', epoch === undefined ? epochLengthOf(logical) : durationMs('epoch', epoch))
  if (workers !== undefined && !(Number.isInteger(workers) && workers > 0)) {
    throw new MillraceError('MR_OPTION_INVALID', `workers is a whole number from 1 on, not ${workers}`)
  }
  return {
    workers: workers ?? Math.max(1, Math.min(availableParallelism(), splits.length)),
    epochMs,
    pollIntervalMs: POLL_INTERVAL_MS,
    discoverMs: durationMs('discoverSplits', discoverSplits),
    stateMemoryBytes: stateMemory === undefined ? defaultStateMemory() : sizeBytes('stateMemory', stateMemory),
    ...(restarts === undefined ? {} : { restarts }),
    ...(until === undefined ? {} : { bounds: await decideBounds(resolveUntil(until), splits) }),
  }
}

/** Half of what the machine has, or of what its container allows, whichever is less. */
function defaultStateMemory(): number {
  // 0 where there is no limit.
  const limit = process.constrainedMemory()
  return STATE_SHARE * Math.min(totalmem(), limit > 0 ? limit : Number.POSITIVE_INFINITY)
}
