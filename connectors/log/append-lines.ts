import { hashKey } from '../../core/model/key-hash.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import type { EncodableRecord } from '../../formats/record-batch/encode.ts'
import type { PartitionedLog } from './partitioned-log/partitioned-log.ts'
import type { TopicAppender } from './partitioned-log/topic-appender.ts'

export interface AppendLinesOptions {
  /** All lines into this partition. Default: by hash of the key, lines without a key in turn. */
  readonly partition?: number
  /** Text between key and value of a line, such as a tab; a line without it has no key. Default: no keys. */
  readonly keySeparator?: string
  /** Default `none`. */
  readonly codec?: Codec
}

const FLUSH_LINES = 50_000
const FLUSH_BYTES = 8_388_608
const IDLE_MS = 100

const encoder = new TextEncoder()

/**
 * Appends each line as the value of a record with the time of now and returns how many there were. What arrived is on
 * disk and visible at the latest when no line came for 100 ms; while none comes, the topic is free for others.
 *
 * @example
 * await appendLines(log, 'orders', readline.createInterface({ input: process.stdin }), { keySeparator: '\t' })
 */
export async function appendLines(
  log: PartitionedLog,
  topic: string,
  options: AppendLinesOptions & { readonly lines: AsyncIterable<string> },
): Promise<number> {
  await log.topic(topic)
  const run = new LineAppender(log, topic, options)
  const iterator = options.lines[Symbol.asyncIterator]()
  try {
    let next = iterator.next()
    for (;;) {
      const result = (await run.within(next)) ?? (await next)
      if (result.done === true) break
      await run.add(result.value)
      next = iterator.next()
    }
    await run.flush()
    return run.count
  } finally {
    await run.close()
  }
}

class LineAppender {
  count = 0
  readonly #log: PartitionedLog
  readonly #topic: string
  readonly #options: AppendLinesOptions
  readonly #hash = new Int32Array(4)
  #appender: TopicAppender | undefined
  #pending: EncodableRecord[] = []
  #bytes = 0
  #turn = 0

  constructor(log: PartitionedLog, topic: string, options: AppendLinesOptions) {
    this.#log = log
    this.#topic = topic
    this.#options = options
  }

  /** What comes within 100 ms; else everything is written and the topic given free, and `undefined` returned. */
  async within<T>(next: Promise<T>): Promise<T | undefined> {
    if (this.#pending.length === 0 && this.#appender === undefined) return undefined
    const stop = new AbortController()
    const idle = this.#log.ports.clock.after(IDLE_MS, stop.signal).then(
      () => undefined,
      () => undefined,
    )
    const result = await Promise.race([next, idle])
    stop.abort()
    if (result === undefined) {
      await this.flush()
      await this.close()
    }
    return result
  }

  async add(line: string): Promise<void> {
    const record = this.#record(line)
    this.#pending.push(record)
    this.#bytes += line.length
    this.count++
    if (this.#pending.length >= FLUSH_LINES || this.#bytes >= FLUSH_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#pending.length === 0) return
    const appender = this.#appender ?? (await this.#log.openAppender(this.#topic))
    this.#appender = appender
    const partitions = appender.topic.partitions
    for (const [partition, records] of Map.groupBy(this.#pending, (record) => this.#partition(record, partitions))) {
      await appender.append(partition, records, this.#options.codec)
    }
    await appender.sync()
    this.#pending = []
    this.#bytes = 0
  }

  async close(): Promise<void> {
    await this.#appender?.close()
    this.#appender = undefined
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
    hashKey(record.key, record.key.length, { out: this.#hash, at: 0, seed: 0 })
    return (this.#hash[0]! >>> 0) % partitions
  }
}
