import { SharedCheckpoints } from '../../../core/checkpoint/shared-checkpoints.ts'
import { StateKeeper } from '../../../core/checkpoint/state-keeper.ts'
import type { CheckpointStore } from '../../../core/ports/checkpoint-store.ts'
import type { FileStore } from '../../../core/ports/file-store.ts'
import { directoryCheckpointStore } from '../../../state/directory-checkpoint-store.ts'
import { valueCodec } from '../../../state/value-codec.ts'
import { SimulatedDisk } from '../../simulation/simulated-files.ts'
import { Simulation } from '../../simulation/simulation-scheduler.ts'
import { MemoryBytes } from './memory-bytes.ts'

/** A host with state of its own and a place for outbox files, beside others on one shared checkpoint store. */
export interface SharedHost {
  readonly bytes: MemoryBytes
  readonly keeper: StateKeeper
  readonly shared: SharedCheckpoints
  readonly outbox: string
}

export interface SharedWorld {
  readonly files: FileStore
  readonly store: CheckpointStore
  /** A new host; `store` may be the shared one in disguise. */
  host(name: string, store?: CheckpointStore): SharedHost
}

/** Runs `test` on a simulated disk; every wait inside is for that disk. */
export function onSharedStore(test: (world: SharedWorld) => Promise<void>): Promise<void> {
  const simulation = new Simulation(1)
  const files = new SimulatedDisk(simulation).fileStore(simulation.incarnation('test'))
  const random = simulation.random.fork('names')
  const store = directoryCheckpointStore({ files, directory: '/shared', random })
  const host = (name: string, disguise: CheckpointStore = store): SharedHost => {
    const bytes = new MemoryBytes()
    const outbox = `/${name}/outbox`
    const codec = valueCodec()
    const shared = new SharedCheckpoints({ store: disguise, codec, files, outbox, failpoint: () => undefined })
    return { bytes, keeper: new StateKeeper(bytes, codec), shared, outbox }
  }
  return simulation.finish(test({ files, store, host }))
}
