import { MillraceError } from '../../core/model/errors.ts'
import type {
  Committer,
  CommitterContext,
  EpochSummary,
  Intent,
  KnownSink,
  SinkStatus,
  Staged,
} from '../../core/ports/sink.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import {
  appendOnce,
  checkSegments,
  type FoundIdentities,
  findIdentities,
  type OutboxPlace,
  takeAll,
} from './append-once.ts'
import { collectable, outboxFolder } from './outbox-names.ts'
import { outboxFrames } from './outbox-segment.ts'
import { readIntent, type StagedContent, type TopicIntent, type TopicTarget } from './topic-intent.ts'
import type { StoredTopic, TopicStore } from './topic-store.ts'

export interface OutboxCommitterOptions {
  readonly context: Pick<CommitterContext, 'files' | 'outbox' | 'sink' | 'logger'>
  readonly store: TopicStore
  readonly codec: Codec
  /** The one topic of this sink; `undefined` where each record names its own. */
  readonly topic: { readonly name: string; readonly partitions: number | undefined } | undefined
}

/** The committing half of every sink into topics: records and dead letters. */
export class OutboxCommitter implements Committer {
  readonly #options: OutboxCommitterOptions
  readonly #place: OutboxPlace

  constructor(options: OutboxCommitterOptions) {
    const { context, store, codec } = options
    this.#options = options
    this.#place = { files: context.files, outbox: context.outbox, store, codec }
  }

  async open(): Promise<void> {
    const { topic } = this.#options
    if (topic !== undefined) await this.#ensure(topic.name, topic.partitions)
  }

  /** Id of the topic; a sink that writes several has none, its intents carry their ids. */
  async identity(): Promise<string> {
    const { topic } = this.#options
    if (topic === undefined) return ''
    const found = await this.#place.store.findTopic(topic.name)
    if (found !== undefined) return found.id
    throw new MillraceError('MR_SINK_REPLACED', `topic "${topic.name}" was deleted`, { details: { topic: topic.name } })
  }

  async intend(summary: EpochSummary, staged: readonly Staged[]): Promise<Intent | undefined> {
    // Every content was made by the writers of this sink, in this process.
    const contents = staged.map((one) => one.content as StagedContent | null).filter((content) => content !== null)
    if (contents.length === 0) return undefined
    const partitions = new Map<string, number>()
    for (const { topic, partitions: count } of contents.flatMap(({ topics }) => topics)) {
      if ((partitions.get(topic) ?? count) !== count) {
        throw restaged(topic, 'grew while tasks staged records for it')
      }
      partitions.set(topic, count)
    }
    const targets: TopicTarget[] = []
    for (const [topic, count] of partitions) targets.push(...(await this.#targets(topic, count)))
    const content: TopicIntent = { format: 1, targets, segments: contents.map((one) => one.segment) }
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

  /** Waits as long as the target cannot be reached: each attempt reads back first, so none of them repeats anything. */
  async commit(intent: Intent): Promise<void> {
    const { sink, logger } = this.#options.context
    for (;;) {
      try {
        await appendOnce(this.#place, readIntent(intent))
        return
      } catch (error) {
        if (!(error instanceof MillraceError && STATUS[error.code] === 'unreachable' && error.retry === 'backoff'))
          throw error
        logger.warn('the target of a sink cannot be reached; the epoch is committed when it can', {
          sink,
          reason: error.message,
        })
      }
    }
  }

  async collect(epoch: number): Promise<void> {
    const { files, outbox } = this.#place
    const folder = `${outbox}/${outboxFolder(this.#options.context.sink)}`
    for (const name of collectable(await files.list(folder), epoch)) await files.remove(`${folder}/${name}`)
  }

  close(): Promise<void> {
    return this.#place.store.close()
  }

  async #ensure(name: string, partitions: number | undefined): Promise<StoredTopic> {
    const { store } = this.#place
    if (partitions !== undefined) return store.createTopic(name, partitions)
    return (await store.findTopic(name)) ?? (await store.createTopic(name, 1))
  }

  async #targets(name: string, partitions: number): Promise<readonly TopicTarget[]> {
    const { store } = this.#place
    const topic = (await store.findTopic(name)) ?? (await store.createTopic(name, partitions))
    if (topic.partitions !== partitions) {
      throw restaged(name, `has ${topic.partitions} partitions now, records were staged for ${partitions}`)
    }
    const targets: TopicTarget[] = []
    for (let partition = 0; partition < partitions; partition++) {
      const endOffset = await store.endOffset(topic, partition)
      targets.push({ topic: name, topicId: topic.id, partition, endOffset })
    }
    return targets
  }

  async #inspectIntent(intent: TopicIntent): Promise<SinkStatus> {
    const found = new Map<string, FoundIdentities>()
    for (const target of intent.targets) {
      const topic = await this.#place.store.findTopic(target.topic)
      if (topic === undefined || topic.id !== target.topicId) return 'replaced'
      found.set(placeOf(target), await findIdentities(this.#place.store, topic, target))
    }
    await checkSegments(this.#place, intent)
    return (await this.#hasAll(intent, found)) ? 'at-end' : 'at-start'
  }

  async #hasAll(intent: TopicIntent, found: ReadonlyMap<string, FoundIdentities>): Promise<boolean> {
    for (const segment of intent.segments) {
      for await (const frame of outboxFrames(this.#place.files, this.#place.outbox, segment)) {
        if (!takeAll(found.get(placeOf(frame)), frame)) return false
      }
    }
    return true
  }

  /** A topic cannot tell which epochs it has: without an open intent only a replacement can be noticed. */
  async #inspectIdentity(identity: string | undefined): Promise<SinkStatus> {
    const { topic } = this.#options
    if (topic === undefined || identity === undefined || identity === '') return 'at-end'
    const found = await this.#place.store.findTopic(topic.name)
    return found?.id === identity ? 'at-end' : 'replaced'
  }
}

/** What an error says about the target; others are thrown on. */
const STATUS: Readonly<Record<string, SinkStatus>> = {
  MR_STAGED_MISSING: 'staged-missing',
  MR_SOURCE_REPLACED: 'replaced',
  MR_POSITION_LOST: 'behind',
  MR_FILE_IO: 'unreachable',
  MR_KAFKA_UNREACHABLE: 'unreachable',
}

/** Nothing is prepared yet: a restart stages the records anew, for the number of partitions that there is then. */
function restaged(topic: string, why: string): MillraceError {
  return new MillraceError('MR_TASK_FAILED', `topic "${topic}" ${why}`, { details: { topic } })
}

function placeOf(target: { readonly topic: string; readonly partition: number }): string {
  return `${target.topic}-${target.partition}`
}
