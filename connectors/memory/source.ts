import type { Contract } from '../../core/model/contract.ts'
import { type Duration, durationMs } from '../../core/model/duration.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { refuseUnknownKeys } from '../../core/model/nearest.ts'
import { type Position, type Split, splitId } from '../../core/model/position.ts'
import type { Source, SourceSpec, SplitReader } from '../../core/ports/source.ts'
import { MemorySplitReader } from './memory-split-reader.ts'
import { MemoryTopic } from './memory-topic.ts'
import { memoryDeadLetters } from './sink.ts'

export interface MemorySourceOptions<T> {
  readonly contract: Contract<T>
  /** Records per split, or a topic that may grow while the job runs. */
  readonly splits: readonly (readonly (T | null)[])[] | MemoryTopic<T>
  /** Default 5 s. */
  readonly outOfOrderness?: Duration
}

/**
 * Reads records from memory; replayable, offsets count from 0. For tests and simulation, within one thread: a worker
 * thread has its own copy of whatever a module holds, so that only lists that never change are the same everywhere.
 *
 * @example
 * from('orders', memorySource({ contract: order, splits: [[{ id: 'a', cents: 5 }], []] }))
 */
export function memorySource<T>(options: MemorySourceOptions<T>): SourceSpec<T> {
  refuseUnknownKeys('memorySource', options, ['contract', 'splits', 'outOfOrderness'])
  const topic = options.splits instanceof MemoryTopic ? options.splits : topicOf(options.splits)
  return {
    role: 'source',
    connector: 'memory',
    contract: options.contract,
    outOfOrdernessMs: durationMs('memorySource: outOfOrderness', options.outOfOrderness ?? '5s'),
    options: { topic: topic.name, partitions: topic.partitions },
    deadLetters: memoryDeadLetters({ into: topic.deadLetters }),
    open: () => new MemorySource(topic, options.contract),
  }
}

function topicOf<T>(splits: readonly (readonly (T | null)[])[]): MemoryTopic<T> {
  const topic = new MemoryTopic<T>({ partitions: splits.length })
  splits.forEach((records, partition) => {
    topic.append(partition, ...records)
  })
  return topic
}

class MemorySource<T> implements Source {
  readonly #topic: MemoryTopic<T>
  readonly #contract: Contract<T>

  constructor(topic: MemoryTopic<T>, contract: Contract<T>) {
    this.#topic = topic
    this.#contract = contract
  }

  async splits(): Promise<readonly Split[]> {
    const { name, partitions } = this.#topic
    return Array.from({ length: partitions }, (_, partition) => ({
      id: splitId(name, partition),
      topic: name,
      partition,
    }))
  }

  async startPosition(): Promise<Position> {
    return { offset: 0, incarnation: this.#topic.id }
  }

  async endPosition(split: Split): Promise<Position> {
    return { offset: this.#topic.records(split.partition).length, incarnation: this.#topic.id }
  }

  async positionAt(split: Split, timestampMs: number): Promise<Position> {
    const records = this.#topic.records(split.partition)
    const found = records.findIndex((record, offset) => this.#timeOf(record, offset) >= timestampMs)
    return { offset: found < 0 ? records.length : found, incarnation: this.#topic.id }
  }

  async reader(split: Split, position: Position, splitIndex: number): Promise<SplitReader> {
    const records = this.#topic.records(split.partition)
    if (position.incarnation !== this.#topic.id) {
      throw new MillraceError(
        'MR_SOURCE_REPLACED',
        `topic "${split.topic}" has id ${this.#topic.id}, not ${position.incarnation}`,
      )
    }
    if (!(position.offset >= 0 && position.offset <= records.length)) {
      throw new MillraceError(
        'MR_POSITION_LOST',
        `${split.id} holds offsets 0 to ${records.length}, not ${position.offset}`,
      )
    }
    return new MemorySplitReader(records, { split, position, splitIndex, contract: this.#contract })
  }

  async advise(): Promise<void> {
    // Nobody asks a list in memory for its lag.
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  /** A list has no clock that stamps records: their time is the event time, or else the offset. */
  #timeOf(record: T | null, offset: number): number {
    const { eventTime } = this.#contract
    if (eventTime === undefined || record === null) return offset
    // It may break the contract, which is found out when it is read.
    const time = (record as Readonly<Record<string, unknown>>)[eventTime]
    return typeof time === 'number' ? time : offset
  }
}
