import type { GeneratedRecord } from '../../../examples/events-curated/generate-events.ts'
import { type EncodableRecord, encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Simulation } from '../simulation-scheduler.ts'
import type { TransactionEnd } from './partition-log.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'
import { SimulatedProducer } from './simulated-producer.ts'

const PRODUCERS = 4
/** Probability per step that a stranger does something. */
const BUSY = 0.1

interface OpenTransaction {
  readonly producer: SimulatedProducer
  readonly end: TransactionEnd
}

interface WaitingBatch {
  readonly partition: number
  readonly records: readonly GeneratedRecord[]
}

/**
 * Works on the simulated cluster beside the process under test: several producers write the events into one topic, with and without
 * transactions, which overlap and of which some are aborted. Their records must never be seen.
 */
export class KafkaHand {
  readonly #simulation: Simulation
  readonly #cluster: SimulatedCluster
  readonly #topic: string
  readonly #random: SeededRandom
  readonly #producers: readonly SimulatedProducer[]
  readonly #open: OpenTransaction[] = []
  readonly #waiting: WaitingBatch[] = []
  readonly #written: GeneratedRecord[] = []
  #aborted = 0

  constructor(simulation: Simulation, cluster: SimulatedCluster, topic: string) {
    this.#simulation = simulation
    this.#cluster = cluster
    this.#topic = topic
    this.#random = simulation.random.fork('kafka hand')
    this.#producers = Array.from({ length: PRODUCERS }, (_, i) => new SimulatedProducer(cluster, `stranger-${i}`))
  }

  /** What was written, with the offsets that it got. */
  get written(): readonly GeneratedRecord[] {
    return this.#written
  }

  /** To be written from now on, a batch at a time. */
  append(part: readonly GeneratedRecord[], recordsPerBatch: number): void {
    const byPartition = [...Map.groupBy(part, ({ split }) => split)].toSorted(([a], [b]) => a - b)
    for (const [partition, records] of byPartition) {
      for (let at = 0; at < records.length; at += recordsPerBatch)
        this.#waiting.push({ partition, records: records.slice(at, at + recordsPerBatch) })
    }
  }

  /** Called once per step of the process under test. */
  step(): void {
    if (this.#random.chance(BUSY)) this.#act()
  }

  /** Writes what is left and ends every transaction. */
  async settle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#open.length > 0) this.#act()
    while (this.#producers.some(({ isEnding }) => isEnding)) await this.#simulation.finish(this.#simulation.after(1))
  }

  #act(): void {
    const isLast = this.#waiting.length === 0
    if (this.#open.length > 0 && (isLast || this.#random.chance(0.3))) {
      const [{ producer, end }] = this.#open.splice(this.#random.below(this.#open.length), 1) as [OpenTransaction]
      producer.finish(end)
      return
    }
    const batch = this.#waiting[0]
    if (batch === undefined) return
    if (this.#random.chance(0.2)) this.#sendInVain(batch)
    this.#waiting.shift()
    const place = { topic: this.#topic, partition: batch.partition }
    const records = batch.records.map(encodable)
    const producer = this.#random.chance(0.5) ? this.#writer('commit') : undefined
    const first = producer === undefined ? this.#sendPlainly(place.partition, records) : producer.send(place, records)
    this.#written.push(...batch.records.map((record, i) => ({ ...record, offset: first + i })))
  }

  /** Records that look like any other, in a transaction that is aborted. */
  #sendInVain({ partition, records }: WaitingBatch): void {
    const valid = records.filter(({ expected }) => expected.class === 'valid').map(encodable)
    const producer = valid.length === 0 ? undefined : this.#writer('abort')
    producer?.send(
      { topic: this.#topic, partition },
      valid.map((record) => ({ ...record, value: this.#renamed(record.value) })),
    )
  }

  #sendPlainly(partition: number, records: readonly EncodableRecord[]): number {
    const place = { topic: this.#topic, partition }
    const { end } = this.#cluster.log(place)
    this.#cluster.append(place, encodeRecordBatch({ baseOffset: 0, codec: 'lz4', records }))
    return end
  }

  /** A producer whose transaction is to end like this; `undefined` where none is free. */
  #writer(end: TransactionEnd): SimulatedProducer | undefined {
    const open = this.#open.find((one) => one.end === end)
    if (open !== undefined && this.#random.chance(0.5)) return open.producer
    const producer = this.#producers.find(({ isOpen, isEnding }) => !isOpen && !isEnding)
    if (producer !== undefined) this.#open.push({ producer, end })
    return producer
  }

  #renamed(value: Uint8Array | null): Uint8Array {
    const event: object = JSON.parse(new TextDecoder().decode(value ?? undefined))
    return new TextEncoder().encode(JSON.stringify({ ...event, event_id: `aborted-${this.#aborted++}` }))
  }
}

function encodable({ timestampMs, recordKey, value }: GeneratedRecord): EncodableRecord {
  return { timestamp: timestampMs, key: recordKey, value, headers: [] }
}
