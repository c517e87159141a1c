import assert from 'node:assert/strict'
import { Collected, MemoryTopic, memorySink, memorySource } from '../../../../connectors/memory/index.ts'
import type { Ledger } from '../../../../core/checkpoint/ledger.ts'
import { type Pipeline, pipeline } from '../../../../core/dataflow/pipeline.ts'
import { contract, integer, string, timestamp } from '../../../../core/model/contract.ts'
import { splitId } from '../../../../core/model/position.ts'
import type { FailpointName } from '../../../../core/ports/failpoint.ts'
import type { SourceSpec } from '../../../../core/ports/source.ts'
import type { Bounds } from '../../../../core/runtime/job/bounds.ts'
import type { JobOptions } from '../../../../core/runtime/job/job-ports.ts'
import { deduplicate, filter } from '../../../../operators/index.ts'
import { SimulatedBytes } from '../../../simulation/simulated-bytes.ts'
import { SimulatedDisk } from '../../../simulation/simulated-files.ts'
import { type HostPlace, SimulatedProcess } from '../../../simulation/simulated-host.ts'
import { Simulation } from '../../../simulation/simulation-scheduler.ts'

const order = contract('order', { id: string(), cents: integer(), at: timestamp() }, { eventTime: 'at' })

export interface Order {
  readonly id: string
  readonly cents: number
  readonly at: number
}

const OPTIONS: JobOptions = { workers: 2, epochMs: 50, pollIntervalMs: 5, pollOffsets: 20 }
/** Each gives another order of steps. */
export const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

/** Opening a split takes time, as it does on a disk; `onLook` is called when splits are listed. */
function slowlyOpened<T>(spec: SourceSpec<T>, onLook: () => void): SourceSpec<T> {
  return {
    ...spec,
    open: (ports) => {
      const source = spec.open(ports)
      return {
        splits: () => {
          onLook()
          return source.splits()
        },
        startPosition: (split) => source.startPosition(split),
        endPosition: (split) => source.endPosition(split),
        positionAt: (split, timestampMs) => source.positionAt(split, timestampMs),
        reader: async (split, position, index) => {
          await ports.clock.after(1)
          return source.reader(split, position, index)
        },
        advise: (positions) => source.advise(positions),
        close: () => source.close(),
      }
    },
  }
}

/** A job on a simulated host: orders in memory, cheap ones filtered, each id once. */
export class JobBench {
  readonly topic = new MemoryTopic<Order>({ partitions: 3 })
  readonly curated = new Collected<Order>('curated')
  readonly simulation: Simulation
  readonly place: HostPlace
  readonly failpoints: FailpointName[] = []
  readonly outcomes: string[] = []
  /** Asked before each record: a throw is an operator that fails. */
  check: (record: Order) => void = () => undefined
  /** How often splits were listed. */
  looks = 0
  readonly #disk: SimulatedDisk
  readonly #options: JobOptions

  constructor(seed: number, options: Partial<JobOptions> = {}) {
    this.simulation = new Simulation(seed)
    this.#disk = new SimulatedDisk(this.simulation)
    this.place = { name: 'host', state: new SimulatedBytes(this.simulation), outbox: '/host/outbox' }
    this.#options = { ...OPTIONS, ...options }
  }

  /** Appends orders `from` to `to`; every id comes twice, in two partitions. */
  append(from: number, to: number): void {
    for (let n = from; n < to; n++) {
      const record = { id: `order-${n}`, cents: n % 10, at: 1000 * n }
      this.topic.append(n % 3, record)
      this.topic.append((n + 1) % 3, record)
    }
  }

  /** Where each split ends now. */
  ends(): Bounds {
    const partitions = Array.from({ length: this.topic.partitions }, (_, partition) => partition)
    return new Map(partitions.map((n) => [splitId(this.topic.name, n), this.topic.records(n).length]))
  }

  /** Starts a run, which is bounded where it is told how far it goes. */
  start(bounds?: Bounds): SimulatedProcess {
    return new SimulatedProcess(
      {
        simulation: this.simulation,
        disk: this.#disk,
        pipeline: () => this.#pipeline(),
        options: bounds === undefined ? this.#options : { ...this.#options, bounds },
        checkpoints: undefined,
        onFailpoint: (name) => this.failpoints.push(name),
        onCommitted: () => undefined,
        onRecovery: ({ kind }) => this.outcomes.push(kind),
      },
      this.place,
    )
  }

  /** Lets the process run until its job ended. */
  async ended(process: SimulatedProcess): Promise<Ledger> {
    await this.until(() => process.end !== undefined)
    if (process.end?.kind === 'failed') throw process.end.error
    return process.end!.last!.ledger
  }

  async until(condition: () => boolean): Promise<void> {
    assert.equal(await this.simulation.run(condition, 100_000), 'done', `seed ${this.simulation.seed}`)
  }

  /** Every order that is not free, once: nothing lost, nothing twice. */
  assertExact(count: number): void {
    const ids = Array.from({ length: count }, (_, n) => n).filter((n) => n % 10 > 0)
    assert.deepEqual(
      this.curated.items.map(({ id }) => id).sort(),
      ids.map((n) => `order-${n}`).sort(),
      `seed ${this.simulation.seed}`,
    )
  }

  #pipeline(): Pipeline {
    return pipeline('orders', ({ from }) => {
      const orders = memorySource({ contract: order, splits: this.topic })
      from(
        'raw',
        slowlyOpened(orders, () => this.looks++),
      )
        .pipe(
          filter((record) => {
            this.check(record)
            return record.cents > 0
          }),
          deduplicate({ key: 'id', ttl: '24h', id: 'unique' }),
        )
        .to('curated', memorySink({ into: this.curated }))
    })
  }
}
