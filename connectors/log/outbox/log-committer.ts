import { MillraceError } from '../../../core/model/errors.ts'
import type {
  Committer,
  CommitterContext,
  EpochSummary,
  Intent,
  KnownSink,
  SinkStatus,
  Staged,
} from '../../../core/ports/sink.ts'
import type { Codec } from '../../../formats/record-batch/compression.ts'
import { PartitionedLog } from '../partitioned-log/partitioned-log.ts'
import {
  appendOnce,
  checkSegments,
  type FoundIdentities,
  findIdentities,
  type OutboxPlace,
  takeAll,
} from './append-once.ts'
import { type LogIntent, type LogTarget, readIntent, type StagedContent } from './log-intent.ts'
import { collectable, outboxFolder } from './outbox-names.ts'
import { outboxFrames } from './outbox-segment.ts'

export interface LogCommitterOptions {
  readonly context: Pick<CommitterContext, 'files' | 'clock' | 'random' | 'outbox' | 'sink'>
  readonly directory: string
  readonly codec: Codec
  /** The one topic of this sink; `undefined` where each record names its own. */
  readonly topic: { readonly name: string; readonly partitions: number | undefined } | undefined
}

/** The committing half of every sink into the log: records and dead letters. */
export class LogCommitter implements Committer {
  readonly #options: LogCommitterOptions
  readonly #place: OutboxPlace

  constructor(options: LogCommitterOptions) {
    const { context, directory, codec } = options
    this.#options = options
    this.#place = { files: context.files, outbox: context.outbox, log: new PartitionedLog(context, directory), codec }
  }

  async open(): Promise<void> {
    const { topic } = this.#options
    if (topic !== undefined) await this.#ensure(topic.name, topic.partitions)
  }

  /** Id of the topic; a sink that writes several has none, its intents carry their ids. */
  async identity(): Promise<string> {
    const { topic } = this.#options
    return topic === undefined ? '' : (await this.#place.log.topic(topic.name)).id
  }

  async intend(summary: EpochSummary, staged: readonly Staged[]): Promise<Intent | undefined> {
    // Every content was made by the writers of this sink, in this process.
    const contents = staged.map((one) => one.content as StagedContent | null).filter((content) => content !== null)
    if (contents.length === 0) return undefined
    const partitions = new Map<string, number>()
    for (const { topics } of contents) for (const { topic, partitions: count } of topics) partitions.set(topic, count)
    const targets: LogTarget[] = []
    for (const [topic, count] of partitions) targets.push(...(await this.#targets(topic, count)))
    const content: LogIntent = { format: 1, targets, segments: contents.map((one) => one.segment) }
    const outbox = staged.flatMap((one) => one.outbox)
    return { from: summary.committed, to: summary.epoch, outbox, content }
  }

  async inspect(known: KnownSink): Promise<SinkStatus> {
    try {
      if (known.intent !== undefined) return await this.#inspectIntent(readIntent(known.intent))
      return await this.#inspectIdentity(known.identity)
    } catch (error) {
      const status = error instanceof MillraceError ? STATUS[error.code] : undefined
      if (status === undefined) throw error
      return status
    }
  }

  commit(intent: Intent): Promise<void> {
    return appendOnce(this.#place, readIntent(intent))
  }

  async collect(epoch: number): Promise<void> {
    const { files, outbox } = this.#place
    const folder = `${outbox}/${outboxFolder(this.#options.context.sink)}`
    for (const name of collectable(await files.list(folder), epoch)) await files.remove(`${folder}/${name}`)
  }

  async close(): Promise<void> {
    // Nothing is held open between calls.
  }

  async #ensure(name: string, partitions: number | undefined): Promise<void> {
    const { log } = this.#place
    if (partitions !== undefined || (await log.findTopic(name)) === undefined)
      await log.createTopic(name, partitions ?? 1)
  }

  async #targets(name: string, partitions: number): Promise<readonly LogTarget[]> {
    const { log } = this.#place
    const topic = (await log.findTopic(name)) ?? (await log.createTopic(name, partitions))
    if (topic.partitions !== partitions) {
      const message = `topic "${name}" has ${topic.partitions} partitions now, records were staged for ${partitions}`
      throw new MillraceError('MR_SINK_REPLACED', message, { details: { topic: name } })
    }
    const targets: LogTarget[] = []
    for (let partition = 0; partition < partitions; partition++) {
      const { end } = await log.bounds(topic, partition)
      targets.push({ topic: name, topicId: topic.id, partition, endOffset: end })
    }
    return targets
  }

  async #inspectIntent(intent: LogIntent): Promise<SinkStatus> {
    const found = new Map<string, FoundIdentities>()
    for (const target of intent.targets) {
      const topic = await this.#place.log.findTopic(target.topic)
      if (topic === undefined || topic.id !== target.topicId) return 'replaced'
      found.set(placeOf(target), await findIdentities(this.#place.log, topic, target))
    }
    await checkSegments(this.#place, intent)
    return (await this.#hasAll(intent, found)) ? 'at-end' : 'at-start'
  }

  async #hasAll(intent: LogIntent, found: ReadonlyMap<string, FoundIdentities>): Promise<boolean> {
    for (const segment of intent.segments) {
      for await (const frame of outboxFrames(this.#place.files, this.#place.outbox, segment)) {
        if (!takeAll(found.get(placeOf(frame)), frame)) return false
      }
    }
    return true
  }

  /** A log cannot tell which epochs it has: without an open intent only a replacement can be noticed. */
  async #inspectIdentity(identity: string | undefined): Promise<SinkStatus> {
    const { topic } = this.#options
    if (topic === undefined || identity === undefined || identity === '') return 'at-end'
    const found = await this.#place.log.findTopic(topic.name)
    return found?.id === identity ? 'at-end' : 'replaced'
  }
}

/** What an error says about the target; others are thrown on. */
const STATUS: Readonly<Record<string, SinkStatus>> = {
  MR_STAGED_MISSING: 'staged-missing',
  MR_SOURCE_REPLACED: 'replaced',
  MR_POSITION_LOST: 'behind',
  MR_FILE_IO: 'unreachable',
}

function placeOf(target: { readonly topic: string; readonly partition: number }): string {
  return `${target.topic}-${target.partition}`
}
