// hot path
import { type EncodableRecord, encodeRecordBatch, type KafkaProducer } from 'millrace/connectors/kafka'
import { LatencyHistogram } from './latency-figures.ts'
import type { OrderStream } from './order-stream.ts'
import type { Schedule } from './schedule.ts'

const MOST_BATCH_RECORDS = 2_000
/** What no window waits for comes behind the measured seconds, so that the last windows are final. */
const TAIL_SECONDS = 1

/** Monotonic time in ms, and a call about a millisecond later. */
export interface SenderClock {
  now(): number
  soon(run: () => void): void
}

export interface SenderOptions {
  readonly producer: KafkaProducer
  readonly topic: string
  readonly partitions: number
  readonly stream: OrderStream
  readonly schedule: Schedule
  readonly clock: SenderClock
}

interface Lane {
  readonly partition: number
  /** Numbers of the records that are due and not sent. */
  waiting: number[]
  isBusy: boolean
}

/**
 * Sends orders when they are due, about every millisecond, however long answers take: what is due while a batch of its partition is under
 * way goes with the next, late, and counts with its lateness.
 */
export class OpenLoopSender {
  readonly #options: SenderOptions
  readonly #lanes: readonly Lane[]
  readonly #lag = new LatencyHistogram()
  readonly #end = Promise.withResolvers<void>()
  /** Records that are in a lane or were sent. */
  #next = 0
  #isEnded = false

  constructor(options: SenderOptions) {
    this.#options = options
    this.#lanes = Array.from({ length: options.partitions }, (_, partition) => ({
      partition,
      waiting: [],
      isBusy: false,
    }))
  }

  /** Between due time and hand-over to the client, of the measured records. */
  get lag(): LatencyHistogram {
    return this.#lag
  }

  /** Resolves when a second after the measured ones is sent. */
  run(): Promise<void> {
    this.#tick()
    return this.#end.promise
  }

  #tick(): void {
    if (this.#isEnded) return
    const { clock, schedule, stream } = this.#options
    const last = schedule.firstOf(schedule.toSecond + TAIL_SECONDS)
    const due = Math.min(last, schedule.dueBy(clock.now()))
    for (; this.#next < due; this.#next++) {
      this.#lanes[stream.classOf(this.#next).partition]!.waiting.push(this.#next)
    }
    for (const lane of this.#lanes) this.#send(lane)
    if (this.#next >= last && this.#lanes.every(isDone)) this.#finish()
    else clock.soon(() => this.#tick())
  }

  #send(lane: Lane): void {
    if (lane.isBusy || lane.waiting.length === 0) return
    const { producer, topic } = this.#options
    const numbers = lane.waiting.splice(0, MOST_BATCH_RECORDS)
    lane.isBusy = true
    producer.append({ topic, partition: lane.partition }, this.#batchOf(numbers)).then(
      () => {
        lane.isBusy = false
        this.#send(lane)
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #batchOf(numbers: readonly number[]): Uint8Array {
    const { clock, schedule, stream } = this.#options
    const now = clock.now()
    const records: EncodableRecord[] = []
    for (const number of numbers) {
      if (schedule.isMeasured(number)) this.#lag.record(now - schedule.dueMs(number))
      const timestamp = schedule.eventTime(number)
      const { key, value } = stream.order(number, timestamp)
      records.push({ timestamp, key, value, headers: [] })
    }
    return encodeRecordBatch({ baseOffset: 0, records, codec: 'none' })
  }

  #finish(): void {
    this.#isEnded = true
    this.#end.resolve()
  }

  #fail(error: unknown): void {
    this.#isEnded = true
    this.#end.reject(error)
  }
}

function isDone({ isBusy, waiting }: Lane): boolean {
  return !isBusy && waiting.length === 0
}
