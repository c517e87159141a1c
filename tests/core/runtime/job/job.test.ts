import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Collected, MemoryTopic, memorySink, memorySource } from '../../../../connectors/memory/index.ts'
import type { Ledger } from '../../../../core/checkpoint/ledger.ts'
import { type Pipeline, pipeline } from '../../../../core/dataflow/pipeline.ts'
import { contract, integer, string, timestamp } from '../../../../core/model/contract.ts'
import type { FailpointName } from '../../../../core/ports/failpoint.ts'
import type { SourceSpec } from '../../../../core/ports/source.ts'
import type { JobOptions } from '../../../../core/runtime/job/job-ports.ts'
import { deduplicate, filter } from '../../../../operators/index.ts'
import { SimulatedBytes } from '../../../simulation/simulated-bytes.ts'
import { SimulatedDisk } from '../../../simulation/simulated-files.ts'
import { type HostPlace, SimulatedProcess } from '../../../simulation/simulated-host.ts'
import { Simulation } from '../../../simulation/simulation-scheduler.ts'

const order = contract('order', { id: string(), cents: integer(), at: timestamp() }, { eventTime: 'at' })

interface Order {
  readonly id: string
  readonly cents: number
  readonly at: number
}

const OPTIONS: JobOptions = { workers: 2, epochMs: 50, pollIntervalMs: 5, isBounded: false, pollOffsets: 20 }
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

/** Opening a split takes time, as it does on a disk. */
function slowlyOpened<T>(spec: SourceSpec<T>): SourceSpec<T> {
  return {
    ...spec,
    open: (ports) => {
      const source = spec.open(ports)
      return {
        splits: () => source.splits(),
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
class Bench {
  readonly topic = new MemoryTopic<Order>({ partitions: 3 })
  readonly curated = new Collected<Order>('curated')
  readonly simulation: Simulation
  readonly place: HostPlace
  readonly failpoints: FailpointName[] = []
  readonly outcomes: string[] = []
  /** Asked before each record: a throw is an operator that fails. */
  check: (record: Order) => void = () => undefined
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

  start(): SimulatedProcess {
    return new SimulatedProcess(
      {
        simulation: this.simulation,
        disk: this.#disk,
        pipeline: () => this.#pipeline(),
        options: this.#options,
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
      from('raw', slowlyOpened(memorySource({ contract: order, splits: this.topic })))
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

describe('Job', () => {
  it('reads a bounded input to its end and stops', async () => {
    for (const seed of SEEDS) {
      const bench = new Bench(seed, { isBounded: true })
      bench.append(0, 60)
      await bench.ended(bench.start())
      bench.assertExact(60)
    }
  })

  it('ends at once where there is nothing to read', async () => {
    const bench = new Bench(1, { isBounded: true })
    await bench.ended(bench.start())
    bench.assertExact(0)
  })

  it('drains with one last epoch that holds everything read', async () => {
    for (const seed of SEEDS) {
      const bench = new Bench(seed)
      bench.append(0, 60)
      const process = bench.start()
      await bench.until(() => bench.curated.items.length === 54)
      process.drain()
      process.drain()
      await bench.ended(process)
      bench.assertExact(60)
    }
  })

  it('drains whenever it is told so, also before its tasks run', async () => {
    for (let steps = 0; steps < 120; steps += 5) {
      const bench = new Bench(steps)
      const process = bench.start()
      await bench.simulation.run(() => false, steps)
      process.drain()
      await bench.ended(process)
      assert.equal(bench.curated.epoch, -1)
    }
  })

  it('knows at the end where every record went', async () => {
    const bench = new Bench(1, { isBounded: true })
    bench.append(0, 60)
    const { splits, operators, exchanges, sinks } = await bench.ended(bench.start())
    const consumed = Object.values(splits).reduce((sum, split) => sum + split.consumed, 0)
    assert.equal(consumed, 120)
    assert.deepEqual(Object.values(operators), [
      { in: 120, out: 108, dropped: { filtered: 12 } },
      { in: 108, out: 54, dropped: { duplicate: 54 } },
    ])
    assert.deepEqual(exchanges.unique, { sent: 108, received: 108 })
    assert.deepEqual(sinks.curated, { in: 54, staged: 54, rejected: 0 })
  })

  it('restarts from the last checkpoint after an operator threw, with the same results', async () => {
    for (const seed of SEEDS) {
      const bench = new Bench(seed)
      bench.append(0, 40)
      let throws = 0
      bench.check = ({ id }) => {
        if (id !== 'order-57' || throws > 0) return
        throws++
        throw new Error('it broke once')
      }
      const process = bench.start()
      await bench.until(() => bench.curated.items.length === 36)
      bench.append(40, 80)
      await bench.until(() => bench.curated.items.length === 72)
      process.drain()
      await bench.ended(process)
      assert.equal(throws, 1)
      assert.equal(bench.outcomes.length, 2)
      bench.assertExact(80)
    }
  })

  it('gives up with a named error where the operator always throws', async () => {
    const bench = new Bench(1)
    bench.append(0, 10)
    bench.check = () => {
      throw new Error('it is broken')
    }
    const process = bench.start()
    await bench.until(() => process.end !== undefined)
    assert.equal(process.end?.kind, 'failed')
    assert.match(process.end.error.message, /it is broken/)
    assert.ok(['MR_OPERATOR_FAILED', 'MR_RESTARTS_EXHAUSTED'].includes(process.end.error.code))
    bench.assertExact(0)
  })

  it('is not held back in event time by a worker that has no split', async () => {
    const bench = new Bench(1, { workers: 4 })
    bench.append(0, 60)
    const process = bench.start()
    await bench.until(() => bench.curated.items.length === 54)
    process.drain()
    await bench.until(() => process.end !== undefined)
    assert.equal(process.end?.kind, 'drained')
    const watermark = process.end.last?.watermarks['exchange:unique'] ?? Number.NEGATIVE_INFINITY
    assert.ok(watermark > 50_000 && watermark < 60_000, `${watermark}`)
  })

  it('looks at a split that had nothing more again while another one stays busy', async () => {
    const bench = new Bench(1, { workers: 1, pollOffsets: 1 })
    for (let n = 0; n < 2000; n++) bench.topic.append(0, { id: `busy-${n}`, cents: 1, at: n })
    const process = bench.start()
    await bench.until(() => bench.curated.items.length > 0)
    bench.topic.append(1, { id: 'rare', cents: 1, at: 0 })
    await bench.until(() => bench.curated.items.some(({ id }) => id === 'rare'))
    assert.ok(bench.curated.items.length < 1500, `${bench.curated.items.length} records came first`)
    process.kill('process')
  })

  it('goes on after a crash of the process at any step, with the same results', async () => {
    const names: readonly FailpointName[] = [
      'P1-aligned',
      'P2-staged',
      'P3-prepared',
      'P5-sink-committed',
      'P9-collected',
    ]
    for (const [index, name] of names.entries()) {
      const bench = new Bench(100 + index)
      bench.append(0, 60)
      const first = bench.start()
      await bench.until(() => bench.failpoints.includes(name))
      first.kill('process')
      const second = bench.start()
      await bench.until(() => bench.curated.items.length === 54)
      second.drain()
      await bench.ended(second)
      bench.assertExact(60)
    }
  })

  it('goes on in the next run where the one before drained, and forgets no key', async () => {
    const bench = new Bench(3)
    bench.append(0, 30)
    const first = bench.start()
    await bench.until(() => bench.curated.items.length === 27)
    first.drain()
    await bench.ended(first)
    bench.append(0, 60)
    const second = bench.start()
    await bench.until(() => bench.curated.items.length === 54)
    second.drain()
    await bench.ended(second)
    bench.assertExact(60)
  })

  it('lets no record pass before the state is back, whatever the order of threads', async () => {
    for (const seed of SEEDS) {
      const bench = new Bench(seed)
      bench.append(0, 30)
      const first = bench.start()
      await bench.until(() => bench.curated.items.length === 27)
      first.kill('process')
      bench.append(0, 30)
      const second = bench.start()
      await bench.until(() => bench.failpoints.filter((name) => name === 'P9-collected').length > 6)
      second.drain()
      await bench.ended(second)
      bench.assertExact(30)
    }
  })
})
