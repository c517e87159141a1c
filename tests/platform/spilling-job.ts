import { previewTable } from '../../connectors/delta/index.ts'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { Job } from '../../core/runtime/job/job.ts'
import type { SpillPlace } from '../../core/runtime/job/job-ports.ts'
import { jobOptions } from '../../platform/job-options.ts'
import { jobPlace } from '../../platform/job-place.ts'
import { loadPipeline, moduleUrl } from '../../platform/load-pipeline.ts'
import { planPipeline } from '../../platform/plan-pipeline.ts'
import { SplitEnds } from '../../platform/status/split-ends.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import { workerLauncher } from '../../platform/threads/worker-pool.ts'
import { deleteScratchStore, openLevelStore, openScratchStore } from '../../state/level-store.ts'
import { valueCodec } from '../../state/value-codec.ts'
import { pipelinePath } from './order-log.ts'

const RESTARTS = { maxRestarts: 1, windowMs: 60_000, initialDelayMs: 1, maxDelayMs: 1 }

/** What a job left, and what it said on its way. */
export interface JobEnd {
  readonly marker: EpochMarker | undefined
  /** Code of each failure after which the tasks were restarted. */
  readonly restarts: readonly unknown[]
}

/**
 * Runs pipeline `orders` in the current directory until it is caught up, on threads and LevelDB as `runPipeline` does it, with two
 * workers; `inHand` gets the place of spilled state into its hand. Rejects with what ended the job.
 */
export async function runOrders(
  stateMemory: `${number}KiB` | undefined,
  inHand: (place: SpillPlace) => SpillPlace,
): Promise<JobEnd> {
  const module = moduleUrl(pipelinePath('orders'))
  const pipeline = await loadPipeline(module)
  const plan = planPipeline(pipeline)
  const place = jobPlace(pipeline)
  const restarts: unknown[] = []
  const logger: Logger = {
    info: () => undefined,
    warn: (_, fields) => restarts.push(fields?.code),
    error: () => undefined,
  }
  const connectors = systemPorts({ pipeline: pipeline.name, logger })
  const { files, clock } = connectors
  const ends = await SplitEnds.open(plan.logical, connectors)
  const choices = { until: 'caught-up', workers: 2, epoch: '50ms', restarts: RESTARTS } as const
  const options = await jobOptions(stateMemory === undefined ? choices : { ...choices, stateMemory }, plan, ends.splits)
  await ends.close()
  await files.makeDirectory(place.outbox)
  const job = new Job(
    plan,
    {
      connectors,
      codec: valueCodec(),
      failpoint: () => undefined,
      launch: workerLauncher({ module, failpoints: '', clock, logger }),
      openState: () => openLevelStore(place.state, files),
      spill: inHand({
        clear: () => deleteScratchStore(place.spill),
        open: () => openScratchStore(place.spill, files),
      }),
      checkpoints: undefined,
      outbox: place.outbox,
    },
    { options, observer: {} },
  )
  return { marker: await job.run(), restarts }
}

/** What the table of the current directory holds, by id. */
export async function ordersInTable(): Promise<readonly unknown[]> {
  const table = await previewTable(systemPorts(), 'table', 1_000_000)
  const byId = (a: { readonly id?: unknown }, b: { readonly id?: unknown }) => (String(a.id) < String(b.id) ? -1 : 1)
  return [...(table?.preview ?? [])].sort(byId)
}
