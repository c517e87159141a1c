import type { EpochMarker } from '../core/checkpoint/epoch-marker.ts'
import { SharedCheckpoints } from '../core/checkpoint/shared-checkpoints.ts'
import { StateKeeper, type StoredState } from '../core/checkpoint/state-keeper.ts'
import type { LogicalPlan } from '../core/dataflow/logical-plan.ts'
import { MillraceError } from '../core/model/errors.ts'
import type { ConnectorPorts } from '../core/ports/connector-ports.ts'
import type { Committer, SinkStatus } from '../core/ports/sink.ts'
import { directoryCheckpointStore } from '../state/directory-checkpoint-store.ts'
import { openLevelStore } from '../state/level-store.ts'
import { valueCodec } from '../state/value-codec.ts'
import { type JobPlace, sharedPlace } from './job-place.ts'

/** The last prepared epoch of a stopped job. */
export interface StoredCheckpoint {
  readonly marker: EpochMarker
  /** Every sink is known to have it. */
  readonly isFinalized: boolean
}

/** What a whole read of the state found. */
export interface VerifiedCheckpoint extends StoredCheckpoint {
  readonly blocks: number
  readonly entries: number
  readonly sizeBytes: number
}

/**
 * The last checkpoint in `place`; `undefined` where nothing is stored. Takes the lock of the state for the time of the
 * call. Throws `MR_STATE_LOCKED` while a job runs there, `MR_STATE_CORRUPT`.
 */
export async function readCheckpoint(ports: ConnectorPorts, place: JobPlace): Promise<StoredCheckpoint | undefined> {
  return withState(ports, place, async (_, stored) => stored)
}

/** Reads everything that is stored: seals, the chain to the epoch before, each block with its CRC. Throws as above. */
export async function verifyCheckpoint(
  ports: ConnectorPorts,
  place: JobPlace,
): Promise<VerifiedCheckpoint | undefined> {
  return withState(ports, place, async (keeper, stored) => {
    if (stored === undefined) return undefined
    let [blocks, entries, sizeBytes] = [0, 0, 0]
    for await (const { block } of keeper.blocks()) {
      blocks++
      entries += block.entries
      sizeBytes += block.bytes.length
    }
    return { ...stored, blocks, entries, sizeBytes }
  })
}

export interface Abandonment {
  readonly plan: LogicalPlan
  readonly place: JobPlace
  /** The shared checkpoints that the job uses, if it does. */
  readonly checkpointDirectory: string | undefined
}

/**
 * Forgets the open epoch, so that the next start replays from the one before. Only where read-back shows that no sink has
 * it, else `MR_CHECKPOINT_ABANDON_REFUSED`. Returns the number of the epoch.
 */
export async function abandonCheckpoint(ports: ConnectorPorts, abandonment: Abandonment): Promise<number> {
  const { plan, place } = abandonment
  return withState(ports, place, async (keeper, stored) => {
    if (stored === undefined) throw refusal('nothing is stored')
    const { marker, isFinalized } = stored
    if (marker.pipeline !== plan.pipeline) {
      throw new MillraceError('MR_CHECKPOINT_FOREIGN', `the state belongs to pipeline "${marker.pipeline}"`)
    }
    if (isFinalized) throw refusal(`epoch ${marker.epoch} is not open: every sink has it`)
    await refuseIfShared(ports, abandonment, marker)
    await refuseIfTaken(ports, abandonment, marker)
    await keeper.abandon(marker.epoch)
    return marker.epoch
  })
}

async function withState<T>(
  { files }: ConnectorPorts,
  place: JobPlace,
  use: (keeper: StateKeeper, stored: StoredCheckpoint | undefined) => Promise<T>,
): Promise<T> {
  if ((await files.list(place.state)).length === 0) {
    const details = { path: place.state }
    throw new MillraceError('MR_FILE_MISSING', `no job has kept state in ${place.directory}`, { details })
  }
  const keeper = new StateKeeper(await openLevelStore(place.state, files), valueCodec())
  try {
    return await use(keeper, storedOf(await keeper.load()))
  } finally {
    await keeper.close()
  }
}

function storedOf(stored: StoredState): StoredCheckpoint | undefined {
  if (stored.kind === 'corrupt') throw stored.error
  if (stored.kind === 'none') return undefined
  return { marker: stored.sealed.marker, isFinalized: stored.isFinalized }
}

/** An epoch whose manifest is in the shared store is past the point of no return. */
async function refuseIfShared(
  { files, random }: ConnectorPorts,
  { plan, place, checkpointDirectory }: Abandonment,
  marker: EpochMarker,
): Promise<void> {
  if (checkpointDirectory === undefined) return
  const directory = sharedPlace(checkpointDirectory, plan.pipeline)
  const store = directoryCheckpointStore({ files, random, directory })
  const options = { store, codec: valueCodec(), files, outbox: place.outbox, failpoint: () => undefined }
  const { checkpoint } = await new SharedCheckpoints(options).load()
  if ((checkpoint?.marker.epoch ?? 0) >= marker.epoch) {
    throw refusal(`the shared checkpoint store ${directory} has epoch ${marker.epoch}`)
  }
}

/** What a sink says while it does not have the epoch. */
const WITHOUT_EPOCH: readonly SinkStatus[] = ['at-start', 'staged-missing']

async function refuseIfTaken(ports: ConnectorPorts, { plan, place }: Abandonment, marker: EpochMarker): Promise<void> {
  for (const [sink, intent] of Object.entries(marker.intents)) {
    const committer = committerOf(ports, { plan, place, sink })
    try {
      const known = { intent, committed: intent.from, identity: marker.identities[sink] }
      const status = await committer.inspect(known)
      if (!WITHOUT_EPOCH.includes(status)) throw refusal(`sink "${sink}" says ${status} of epoch ${marker.epoch}`)
    } finally {
      await committer.close()
    }
  }
}

function committerOf(
  ports: ConnectorPorts,
  { plan, place, sink }: { readonly plan: LogicalPlan; readonly place: JobPlace; readonly sink: string },
): Committer {
  const node = plan.nodes.find((candidate) => candidate.id === sink && candidate.kind === 'sink')
  const spec = plan.specs.sinks.get(sink) ?? plan.specs.deadLetters.get(sink)
  if (node === undefined || spec === undefined) {
    throw refusal(`the pipeline has no sink "${sink}" any more, so nobody can say whether it has the epoch`)
  }
  const schema = 'schema' in node ? node.schema : { fields: [] }
  return spec.committer({ ...ports, sink, schema, outbox: place.outbox })
}

function refusal(why: string): MillraceError {
  return new MillraceError('MR_CHECKPOINT_ABANDON_REFUSED', `nothing was abandoned: ${why}`)
}
