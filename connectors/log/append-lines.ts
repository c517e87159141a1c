import { hashBytes } from '../../core/model/key-hash.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import type { EncodableRecord } from '../../formats/record-batch/encode.ts'
import type { PartitionedLog } from './partitioned-log/partitioned-log.ts'

export interface AppendLinesOptions {
  /** All lines into this partition. Default: by hash of the key, lines without a key in turn. */
  readonly partition?: number
  /** Text between key and value of a line, such as a tab; a line without it has no key. Default: no keys. */
  readonly keySeparator?: string
  /** Default `none`. */
  readonly codec?: Codec
}

const FLUSH_LINES = 50_000
const FLUSH_CHARACTERS = 8_388_608
const FLUSH_MS = 100

const encoder = new TextEncoder()

/**
 * Appends each line as the value of a record with the time of now and returns how many there were. A line is on disk and
 * visible about 100 ms after it came; between two such writes the topic is free for others.
 *
 * @example
 * await appendLines(log, 'orders', { lines: readline.createInterface({ input: process.stdin }), keySeparator: '\t' })
 */
export async function appendLines(
  log: PartitionedLog,
  topic: string,
  options: AppendLinesOptions & { readonly lines: AsyncIterable<string> },
): Promise<number> {
  await log.topic(topic)
  const appender = new LineAppender(log, topic, options)
  try {
    for await (const line of options.lines) {
      appender.add(line)
      if (appender.isFull) await appender.flush()
    }
  } finally {
    appender.stopTimer()
  }
  await appender.flush()
  return appender.count
}

class LineAppender {
  count = 0
  readonly #log: PartitionedLog
  readonly #topic: string
  readonly #options: AppendLinesOptions
  readonly #hash = new Int32Array(4)
  readonly #stop = new AbortController()
  #pending: EncodableRecord[] = []
  #characters = 0
  #turn = 0
  #isTimed = false
  /** The writes so far; it never rejects: the first failure is kept for the next call. */
  #work: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(log: PartitionedLog, topic: string, options: AppendLinesOptions) {
    this.#log = log
    this.#topic = topic
    this.#options = options
  }

  /** True where the next line has to wait for a flush, or a write failed. */
  get isFull(): boolean {
    const { length } = this.#pending
    return length >= FLUSH_LINES || this.#characters >= FLUSH_CHARACTERS || this.#failure !== undefined
  }

  add(line: string): void {
    this.#pending.push(this.#record(line))
    this.#characters += line.length
    this.count++
    if (!this.#isTimed) this.#startTimer()
  }

  /** Makes everything added durable and visible. */
  async flush(): Promise<void> {
    this.#work = this.#work.then(() => this.#write()).catch((error: unknown) => this.#fail(error))
    await this.#work
    if (this.#failure !== undefined) throw this.#failure
  }

  stopTimer(): void {
    this.#stop.abort()
  }

  #startTimer(): void {
    this.#isTimed = true
    const due = this.#log.ports.clock.after(FLUSH_MS, this.#stop.signal).then(() => {
      this.#isTimed = false
      return this.flush()
    })
    due.catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#fail(error)
    })
  }

  #fail(error: unknown): void {
    this.#failure ??= error
  }

  async #write(): Promise<void> {
    const records = this.#pending
    if (records.length === 0 || this.#failure !== undefined) return
    this.#pending = []
    this.#characters = 0
    const appender = await this.#log.openAppender(this.#topic)
    try {
      const { partitions } = appender.topic
      for (const [partition, group] of Map.groupBy(records, (record) => this.#partition(record, partitions))) {
        await appender.append(partition, group, this.#options.codec)
      }
      await appender.sync()
    } finally {
      await appender.close()
    }
  }

  #record(line: string): EncodableRecord {
    const { keySeparator } = this.#options
    const at = keySeparator === undefined ? -1 : line.indexOf(keySeparator)
    const timestamp = Math.floor(this.#log.ports.clock.now())
    if (keySeparator === undefined || at < 0) return { timestamp, key: null, value: encoder.encode(line), headers: [] }
    const value = encoder.encode(line.slice(at + keySeparator.length))
    return { timestamp, key: encoder.encode(line.slice(0, at)), value, headers: [] }
  }

  #partition(record: EncodableRecord, partitions: number): number {
    if (this.#options.partition !== undefined) return this.#options.partition
    if (record.key === null) return this.#turn++ % partitions
    hashBytes(record.key, { out: this.#hash, at: 0, seed: 0 })
    return (this.#hash[0]! >>> 0) % partitions
  }
}
