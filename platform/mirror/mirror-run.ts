// 1. Take a batch of each partition that has one. 2. Append its records to the copy. 3. When 8 MiB came together, or nothing
// more is here, make them durable. 4. Wait for more. It ends when every partition is at its end, when it has as many records
// as are wanted, or, where it follows, when it is told to.
import { located } from '../../connectors/kafka/client/encoded-chunk.ts'
import type { PartitionFeed, TopicPartition } from '../../connectors/kafka/client/kafka-client.ts'
import type { MirrorAppender } from '../../connectors/log/mirror-appender.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { recordsPerSecond } from '../../core/observability/progress.ts'
import { pause } from '../../core/ports/clock.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import { checkCount, type MirrorSource } from './mirror-source.ts'

/** How far a run is. */
export interface MirrorProgress {
  readonly records: number
  readonly recordsPerSecond: number
  /** Offsets until the ends of the start; `undefined` for a run that follows. */
  readonly lag: number | undefined
}

/** What a run did with one partition; offsets are those of Kafka. */
export interface MirroredPartition {
  readonly partition: number
  readonly from: number
  /** Everything before it is in the copy. */
  readonly to: number
  readonly records: number
}

/** What a run did. */
export interface MirrorOutcome {
  readonly records: number
  /** Bytes of the log that they take. */
  readonly sizeBytes: number
  readonly partitions: readonly MirroredPartition[]
}

/** What a run works on. The copy must be of the source. */
export interface MirrorRunOptions {
  readonly ports: Pick<ConnectorPorts, 'clock' | 'logger'>
  readonly source: MirrorSource
  readonly mirror: MirrorAppender
  /** Where each partition ends; `undefined`: nowhere. */
  readonly ends: readonly number[] | undefined
  readonly maxRecords: number
  readonly follow: AbortSignal | undefined
  readonly onProgress: ((progress: MirrorProgress) => void) | undefined
}

/** One partition on its way. */
interface Lane {
  readonly place: TopicPartition
  readonly from: number
  readonly end: number
  /** `undefined` where there is nothing to read. */
  readonly feed: PartitionFeed | undefined
  /** Next offset of Kafka. */
  next: number
  records: number
}

const SYNC_BYTES = 8_388_608
const PROGRESS_MS = 1_000
const PARTITIONS_MS = 60_000

/** One run of a mirror, from where its copy stopped; `run` is called once. */
export class MirrorRun {
  readonly #options: MirrorRunOptions
  readonly #lanes: readonly Lane[]
  readonly #ended = new AbortController()
  #records = 0
  #sizeBytes = 0
  #unsyncedBytes = 0
  #sample: { readonly at: number; readonly records: number }
  #failure: unknown
  #wake: () => void = () => undefined

  constructor(options: MirrorRunOptions) {
    this.#options = options
    this.#lanes = options.source.places.map((place) => this.#lane(place))
    this.#sample = { at: options.ports.clock.monotonic(), records: 0 }
  }

  async run(): Promise<MirrorOutcome> {
    const { follow } = this.#options
    const stop = (): void => this.#wake()
    follow?.addEventListener('abort', stop)
    if (follow !== undefined) {
      const over = AbortSignal.any([follow, this.#ended.signal])
      this.#watchPartitions(over).catch((error: unknown) => this.#fail(error))
    }
    try {
      await this.#copy()
    } finally {
      follow?.removeEventListener('abort', stop)
      this.#ended.abort()
      for (const { feed } of this.#lanes) feed?.close()
    }
    const partitions = this.#lanes.map(({ place, from, next: to, records }) => ({
      partition: place.partition,
      from,
      to,
      records,
    }))
    return { records: this.#records, sizeBytes: this.#sizeBytes, partitions }
  }

  async #copy(): Promise<void> {
    while (!this.#isOver()) {
      const isIdle = !(await this.#takeOne())
      if (isIdle || this.#unsyncedBytes >= SYNC_BYTES) await this.#sync()
      if (isIdle && !this.#isOver()) await this.#arrival()
    }
    await this.#sync()
    if (this.#failure !== undefined) throw this.#failure
  }

  #isOver(): boolean {
    const { follow, maxRecords } = this.#options
    const isStopped = follow?.aborted === true || this.#failure !== undefined
    return isStopped || this.#records >= maxRecords || this.#lanes.every(isAtEnd)
  }

  /** Takes one batch of each partition that has one; false where none has. */
  async #takeOne(): Promise<boolean> {
    let hasTaken = false
    for (const lane of this.#lanes) {
      const view = isAtEnd(lane) ? undefined : lane.feed?.take()
      if (view === undefined) continue
      hasTaken = true
      await this.#append(lane, view)
      if (this.#records >= this.#options.maxRecords) break
    }
    return hasTaken
  }

  async #append(lane: Lane, view: NonNullable<ReturnType<PartitionFeed['take']>>): Promise<void> {
    const { mirror, maxRecords } = this.#options
    const { partition } = lane.place
    try {
      const most = maxRecords - this.#records
      const { records, sizeBytes } = await mirror.append(partition, view, { end: lane.end, most })
      this.#records += records
      this.#sizeBytes += sizeBytes
      this.#unsyncedBytes += sizeBytes
      lane.records += records
      lane.next = records === most ? mirror.position(partition).offset : Math.min(view.nextOffset, lane.end)
      if (isAtEnd(lane)) lane.feed?.close()
    } catch (error) {
      throw located(error, lane.place, view.baseOffset)
    }
  }

  async #sync(): Promise<void> {
    if (this.#unsyncedBytes > 0) await this.#options.mirror.sync()
    this.#unsyncedBytes = 0
    this.#report()
  }

  /** Resolves when a partition has something, or when the run is to end. */
  async #arrival(): Promise<void> {
    const woken = Promise.withResolvers<void>()
    this.#wake = woken.resolve
    const arrivals = this.#lanes.filter((lane) => !isAtEnd(lane)).map(({ feed }) => feed?.arrival())
    await Promise.race([woken.promise, ...arrivals])
  }

  #report(): void {
    const sample = { at: this.#options.ports.clock.monotonic(), records: this.#records }
    if (sample.at - this.#sample.at < PROGRESS_MS) return
    const lag = this.#lanes.reduce((sum, { end, next }) => sum + end - next, 0)
    this.#options.onProgress?.({
      records: this.#records,
      recordsPerSecond: recordsPerSecond(this.#sample, sample),
      lag: Number.isFinite(lag) ? lag : undefined,
    })
    this.#sample = sample
  }

  /** A run that follows would never see records of partitions that are added. */
  async #watchPartitions(stop: AbortSignal): Promise<void> {
    const { ports, source, mirror } = this.#options
    while ((await pause(ports.clock, PARTITIONS_MS, stop)) === 'over') {
      try {
        checkCount(mirror.topic, await source.countPartitions())
      } catch (error) {
        if (!(error instanceof MillraceError) || error.retry !== 'backoff') throw error
        if (!stop.aborted)
          ports.logger.warn('partitions that were added cannot be looked for', { reason: error.message })
      }
    }
  }

  #fail(error: unknown): void {
    this.#failure = error
    this.#wake()
  }

  #lane(place: TopicPartition): Lane {
    const { source, mirror, ends } = this.#options
    const position = mirror.position(place.partition)
    const { offset: from } = position
    const end = ends?.[place.partition] ?? Number.POSITIVE_INFINITY
    const feed = from < end ? source.client.feed({ ...place, topicId: source.topicId, ...position }) : undefined
    return { place, from, end, feed, next: from, records: 0 }
  }
}

function isAtEnd({ next, end }: Lane): boolean {
  return next >= end
}
