import { MillraceError, toMillraceError } from '../model/errors.ts'
import type { Failpoint } from '../ports/failpoint.ts'
import type { Logger } from '../ports/logger.ts'
import type { Committer } from '../ports/sink.ts'
import {
  decideRecovery,
  type LocalFacts,
  type RecoveryOutcome,
  type SharedFacts,
  type SinkFacts,
} from './decide-recovery.ts'
import type { SealedMarker } from './epoch-marker.ts'
import type { SharedCheckpoints, SharedState } from './shared-checkpoints.ts'
import type { StateKeeper, StoredState } from './state-keeper.ts'

export interface RecoveryPorts {
  readonly pipeline: string
  readonly keeper: StateKeeper
  readonly shared: SharedCheckpoints | undefined
  readonly committers: ReadonlyMap<string, Committer>
  readonly failpoint: Failpoint
  readonly logger: Logger
  /** A name for the claim that nobody else uses. */
  readonly owner: string
  /** Throws where the pipeline cannot go on from this state. Asked after open intents are done and before the claim. */
  readonly accept: (last: SealedMarker | undefined) => void
  /** Called with every decision, for progress and tests. */
  readonly onDecision?: (outcome: RecoveryOutcome) => void
}

/** Where the job goes on. */
export interface Recovered {
  /** `undefined` for a first start. */
  readonly last: SealedMarker | undefined
  readonly generation: number
  /** The last epoch number that was ever given out. */
  readonly usedEpochs: number
}

const MAX_ROUNDS = 5

/**
 * Brings state and sinks to one epoch, whatever died before: reads, decides (pure), acts, and claims the pipeline.
 * Idempotent: it may die at any point and be run again. Throws the named error of every outcome that must stop.
 */
export async function recover(ports: RecoveryPorts): Promise<Recovered> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const stored = await ports.keeper.load()
    const shared = await loadShared(ports)
    const sinks = await inspectSinks(ports, stored)
    const outcome = decideRecovery({
      local: localFacts(ports.pipeline, stored),
      shared: sharedFacts(ports, shared),
      sinks,
    })
    ports.onDecision?.(outcome)
    ports.logger.info('recovery decided', { outcome: outcome.kind })
    ports.failpoint('recovery-decided')
    // Where it cannot be read the outcome is `blocked`, which ends here.
    const readable = shared instanceof MillraceError ? undefined : shared
    if (!(await actOrLookAgain(ports, outcome, readable))) continue
    ports.accept(ports.keeper.last)
    const claimed = await claim(ports, readable)
    if (claimed !== undefined) return claimed
  }
  throw new MillraceError(
    'MR_CHECKPOINT_SUPERSEDED',
    `other owners took pipeline "${ports.pipeline}" over ${MAX_ROUNDS} times; this process stops`,
  )
}

async function loadShared(ports: RecoveryPorts): Promise<SharedState | MillraceError | undefined> {
  try {
    return await ports.shared?.load()
  } catch (error) {
    return toMillraceError(error, 'MR_CHECKPOINT_BLOCKED', 'the shared checkpoint store cannot be read')
  }
}

function localFacts(pipeline: string, stored: StoredState): LocalFacts {
  if (stored.kind === 'corrupt') return { kind: 'corrupt', reason: stored.error.message }
  if (stored.kind === 'none') return stored
  const { marker, hash } = stored.sealed
  if (marker.pipeline !== pipeline) return { kind: 'foreign', pipeline: marker.pipeline }
  return { kind: 'epoch', epoch: marker.epoch, hash, isFinalized: stored.isFinalized }
}

function sharedFacts(ports: RecoveryPorts, shared: SharedState | MillraceError | undefined): SharedFacts {
  if (shared === undefined) return { kind: 'not-configured' }
  if (shared instanceof MillraceError) return { kind: 'unreadable', reason: shared.message }
  const highest = shared.highestEpoch
  if (shared.checkpoint === undefined) return { kind: 'empty', highest }
  const { marker, hash } = shared.checkpoint
  if (marker.pipeline !== ports.pipeline)
    return { kind: 'unreadable', reason: `it belongs to pipeline "${marker.pipeline}"` }
  return { kind: 'epoch', epoch: marker.epoch, hash, highest }
}

async function inspectSinks(ports: RecoveryPorts, stored: StoredState): Promise<readonly SinkFacts[]> {
  const marker = stored.kind === 'epoch' ? stored.sealed.marker : undefined
  const isOpen = stored.kind === 'epoch' && !stored.isFinalized
  const facts: SinkFacts[] = []
  for (const [sink, committer] of ports.committers) {
    // A finalized intent is done: what it staged may be collected already, so it can no longer be asked about.
    const intent = isOpen ? marker?.intents[sink] : undefined
    const committed = intent?.from ?? marker?.committed[sink] ?? -1
    const status = await committer.inspect({ intent, committed, identity: marker?.identities[sink] })
    facts.push({ sink, hasIntent: intent !== undefined, status })
  }
  return [...facts, ...orphanedIntents(ports, stored)]
}

/** Open intents of sinks that this pipeline does not have any more: they must be finished under the plan before. */
function orphanedIntents(ports: RecoveryPorts, stored: StoredState): readonly SinkFacts[] {
  if (stored.kind !== 'epoch' || stored.isFinalized) return []
  const orphans = Object.keys(stored.sealed.marker.intents).filter((sink) => !ports.committers.has(sink))
  return orphans.map((sink) => ({ sink, hasIntent: true, status: 'unreachable' }))
}

/**
 * What fails while an owner that is still alive moves on says nothing: the sinks were asked, or written, about an epoch
 * that is the last one no more. Then `false`: look again.
 */
async function actOrLookAgain(
  ports: RecoveryPorts,
  outcome: RecoveryOutcome,
  shared: SharedState | undefined,
): Promise<boolean> {
  try {
    return await act(ports, outcome, shared)
  } catch (error) {
    const now = shared === undefined ? undefined : await loadShared(ports)
    if (shared === undefined || now === undefined || now instanceof MillraceError) throw error
    if (now.highestEpoch <= shared.highestEpoch) throw error
    ports.logger.info('another owner moved on meanwhile', { error: String(error) })
    return false
  }
}

/** Does what the outcome asks for. `false`: look again. */
async function act(ports: RecoveryPorts, outcome: RecoveryOutcome, shared: SharedState | undefined): Promise<boolean> {
  switch (outcome.kind) {
    case 'fresh':
    case 'resume':
      return true
    case 'redo':
    case 'finalize':
      await finishOpenEpoch(ports, outcome.kind === 'redo' ? outcome.sinks : [], shared)
      return true
    case 'superseded':
      await dropLocal(ports, shared)
      return false
    case 'blocked':
    case 'staged-missing':
    case 'table-replaced':
    case 'table-ahead':
    case 'table-behind':
    case 'foreign-checkpoint':
    case 'corrupt':
      throw refusal(ports.pipeline, outcome)
  }
}

/** Goes back to what the shared store holds, which may be nothing. */
async function dropLocal(ports: RecoveryPorts, shared: SharedState | undefined): Promise<void> {
  if (shared === undefined) return
  if (shared.checkpoint === undefined) await ports.keeper.clear()
  else await ports.shared?.download(shared.checkpoint, ports.keeper)
}

/** P4 where it is still to be done, then P5 from the same intents. */
async function finishOpenEpoch(
  ports: RecoveryPorts,
  sinks: readonly string[],
  shared: SharedState | undefined,
): Promise<void> {
  const last = ports.keeper.last
  if (last === undefined) return
  const isPublished = shared?.checkpoint?.hash === last.hash
  if (ports.shared !== undefined && !isPublished) await ports.shared.publish(last, ports.keeper)
  for (const sink of sinks) {
    const intent = last.marker.intents[sink]
    if (intent !== undefined) await ports.committers.get(sink)?.commit(intent)
  }
  ports.failpoint('recovery-redone')
}

/** Raises generation and epoch counter so that nothing of an older owner can be mistaken for ours. */
async function claim(ports: RecoveryPorts, shared: SharedState | undefined): Promise<Recovered | undefined> {
  const before = await ports.keeper.claimed()
  const last = ports.keeper.last
  const generation = Math.max(before.generation, shared?.highestGeneration ?? 0, last?.marker.generation ?? 0) + 1
  let usedEpochs = Math.max(before.usedEpochs, shared?.highestEpoch ?? 0, last?.marker.epoch ?? 0)
  if (ports.shared !== undefined) {
    usedEpochs++
    if (!(await ports.shared.claim(usedEpochs, { generation, name: ports.owner }))) return undefined
  }
  await ports.keeper.writeClaim({ generation, usedEpochs })
  ports.failpoint('recovery-claimed')
  return { last, generation, usedEpochs }
}

type Refusal = Extract<
  RecoveryOutcome,
  {
    kind:
      | 'blocked'
      | 'staged-missing'
      | 'table-replaced'
      | 'table-ahead'
      | 'table-behind'
      | 'foreign-checkpoint'
      | 'corrupt'
  }
>

function refusal(pipeline: string, outcome: Refusal): MillraceError {
  switch (outcome.kind) {
    case 'blocked':
      return new MillraceError('MR_CHECKPOINT_BLOCKED', `recovery of "${pipeline}" cannot decide: ${outcome.reason}`)
    case 'staged-missing':
      return new MillraceError(
        'MR_STAGED_MISSING',
        `sink "${outcome.sink}": staged bytes of the prepared epoch are gone; \`millrace checkpoint abandon\` replays it`,
      )
    case 'table-replaced':
      return new MillraceError(
        'MR_SINK_REPLACED',
        `sink "${outcome.sink}" is another target than the checkpoint of "${pipeline}" knows`,
      )
    case 'table-ahead':
      return new MillraceError(
        'MR_SINK_AHEAD',
        `sink "${outcome.sink}" has epochs of "${pipeline}" that the checkpoint does not know: was the state directory lost or rolled back?`,
      )
    case 'table-behind':
      return new MillraceError(
        'MR_SINK_BEHIND',
        `sink "${outcome.sink}" lacks epochs that the checkpoint of "${pipeline}" says were committed: was it restored or replaced?`,
      )
    case 'foreign-checkpoint':
      return new MillraceError(
        'MR_CHECKPOINT_FOREIGN',
        `the state directory belongs to pipeline "${outcome.pipeline}", not to "${pipeline}"`,
      )
    case 'corrupt':
      return new MillraceError('MR_STATE_CORRUPT', `the state of "${pipeline}" is damaged: ${outcome.reason}`)
  }
}
