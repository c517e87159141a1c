import { MillraceError } from '../../../core/model/errors.ts'
import { type Position, type Split, splitId } from '../../../core/model/position.ts'
import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import type { PlanValue } from '../../../core/ports/operator.ts'
import type { Source, SourceSpec, SplitReader } from '../../../core/ports/source.ts'
import { diagnoseSource } from '../diagnose.ts'
import { adviceOf, writeAdvice } from '../partitioned-log/consumer-advice.ts'
import { PartitionedLog } from '../partitioned-log/partitioned-log.ts'
import type { Topic } from '../partitioned-log/topic.ts'
import { deadLetterTopic } from '../sink/dead-letter-sink.ts'
import { cursorAt } from './cursor-at.ts'
import { type LogSourceOptions, type ResolvedLogSource, resolveLogSource } from './source-options.ts'
import { LogSplitReader } from './split-reader.ts'

/**
 * Reads a topic of the embedded log, one split per partition, values decoded as JSON against the contract. Replayable;
 * never reads beyond the synced end, never skips, never resets. Refused records go to `<topic>.dlq` by default.
 *
 * @example
 * const events = from('raw', log({ topic: 'events', contract: event, start: 'earliest' }))
 */
export function log<T>(options: LogSourceOptions<T>): SourceSpec<T> {
  const resolved = resolveLogSource(options)
  const { directory, deadLetters } = resolved
  return {
    role: 'source',
    connector: 'log',
    contract: resolved.contract,
    outOfOrdernessMs: resolved.outOfOrdernessMs,
    options: planOptions(resolved),
    deadLetters: deadLetterTopic(deadLetters === undefined ? { directory } : { directory, topic: deadLetters }),
    open: (ports) => new LogSource(ports, resolved),
    diagnose: (context) => diagnoseSource(context, resolved),
  }
}

function planOptions(resolved: ResolvedLogSource<unknown>): PlanValue {
  const { topic, directory, start, maxValueBytes } = resolved
  return { topic, directory, start, maxValueBytes }
}

class LogSource implements Source {
  readonly #ports: ConnectorPorts
  readonly #options: ResolvedLogSource<unknown>
  readonly #log: PartitionedLog

  constructor(ports: ConnectorPorts, options: ResolvedLogSource<unknown>) {
    this.#ports = ports
    this.#options = options
    this.#log = new PartitionedLog(ports, options.directory)
  }

  async splits(): Promise<readonly Split[]> {
    const { name, partitions } = await this.#topic()
    return Array.from({ length: partitions }, (_, partition) => ({
      id: splitId(name, partition),
      topic: name,
      partition,
    }))
  }

  async startPosition(split: Split, isLate = false): Promise<Position> {
    const topic = await this.#topic()
    const offset = isLate
      ? (await this.#log.bounds(topic, split.partition)).start
      : await this.#startOffset(topic, split.partition)
    return { offset, incarnation: topic.id }
  }

  async endPosition(split: Split): Promise<Position> {
    const topic = await this.#topic()
    return { offset: (await this.#log.bounds(topic, split.partition)).end, incarnation: topic.id }
  }

  async positionAt(split: Split, timestampMs: number): Promise<Position> {
    const topic = await this.#topic()
    return { offset: await this.#log.offsetForTimestamp(topic, split.partition, timestampMs), incarnation: topic.id }
  }

  async reader(split: Split, position: Position, splitIndex: number): Promise<SplitReader> {
    const topic = await this.#topic()
    const cursor = await cursorAt(this.#log, { topic, partition: split.partition }, position)
    const { contract, maxValueBytes } = this.#options
    const { sha256 } = this.#ports
    return new LogSplitReader(cursor, position, { split, splitIndex, contract, maxValueBytes, sha256 })
  }

  async advise(positions: ReadonlyMap<string, Position>): Promise<void> {
    const { directory, topic } = this.#options
    const advice = adviceOf(this.#ports.pipeline, positions, this.#ports.clock.now())
    await writeAdvice(this.#ports.files, { directory, topic }, advice)
  }

  async close(): Promise<void> {
    // Nothing is held open: readers read by path.
  }

  async #startOffset(topic: Topic, partition: number): Promise<number> {
    const { start } = this.#options
    const bounds = await this.#log.bounds(topic, partition)
    if (start === 'earliest') return bounds.start
    if (start === 'latest') return bounds.end
    if ('timestamp' in start) return this.#log.offsetForTimestamp(topic, partition, start.timestamp)
    if (start.offset >= bounds.start && start.offset <= bounds.end) return start.offset
    const message = `${topic.name}-${partition} holds offsets ${bounds.start} to ${bounds.end}, the option start says ${start.offset}`
    throw new MillraceError('MR_POSITION_LOST', message, { details: { topic: topic.name, partition, ...bounds } })
  }

  #topic(): Promise<Topic> {
    return this.#log.topic(this.#options.topic)
  }
}
