// 1. Every staged segment is there and whole, else nothing is written. 2. Per topic, under its lock, whose new holder makes
// its end true first: 3. read from the intent's end offset on and count the identities found; 4. append the records of the
// segments in their order, without those found; 5. sync. A second run, after any crash or beside a zombie, finds them all.
import { MillraceError } from '../../core/model/errors.ts'
import type { FileStore } from '../../core/ports/file-store.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import { decodeRecordBatch, type RecordBatchView } from '../../formats/record-batch/decode.ts'
import { encodableAt } from '../../formats/record-batch/encodable-at.ts'
import { type EncodableRecord, encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { MOST_INFLATED_BYTES } from '../../formats/record-batch/layout.ts'
import { type OutboxFrame, outboxFrames } from './outbox-segment.ts'
import { identityOf } from './record-identity.ts'
import type { TopicIntent, TopicTarget } from './topic-intent.ts'
import type { BatchAppender, StoredTopic, TopicStore } from './topic-store.ts'

/** Where the outbox of a sink is, and what it goes to. */
export interface OutboxPlace {
  readonly files: FileStore
  readonly outbox: string
  readonly store: TopicStore
  readonly codec: Codec
}

/** How often each identity stands in a partition from an offset on. */
export type FoundIdentities = Map<string, number>

/** Makes an intent visible in its topics, exactly once however often it runs. */
export async function appendOnce(place: OutboxPlace, intent: TopicIntent): Promise<void> {
  await checkSegments(place, intent)
  for (const topic of new Set(intent.targets.map((target) => target.topic))) {
    const appender = await place.store.openAppender(topic)
    try {
      await appendTopic(place, intent, appender)
    } finally {
      await appender.close()
    }
  }
}

/** Throws `MR_STAGED_MISSING` unless every staged segment is there and whole, and what decoding says of a batch that no reader could take. */
export async function checkSegments(place: OutboxPlace, intent: TopicIntent): Promise<void> {
  for (const segment of intent.segments) {
    for await (const frame of outboxFrames(place.files, place.outbox, segment)) decodeFrame(frame)
  }
}

/** The identities that stand in the target from the intent's end offset on. */
export async function findIdentities(
  store: TopicStore,
  topic: StoredTopic,
  target: TopicTarget,
): Promise<FoundIdentities> {
  const found: FoundIdentities = new Map()
  for await (const view of store.batchesFrom(topic, target.partition, target.endOffset)) {
    // It begins with the batch that holds the end offset, so records before it may come along.
    for (let i = 0; i < view.count; i++) if (view.offsets[i]! >= target.endOffset) count(found, identityOf(view, i))
  }
  return found
}

/** Takes the identities of a staged batch away; false where one is not there. */
export function takeAll(found: FoundIdentities | undefined, frame: OutboxFrame): boolean {
  if (found === undefined) return false
  const view = decodeFrame(frame)
  for (let i = 0; i < view.count; i++) if (!takeIdentity(found, identityOf(view, i))) return false
  return true
}

/** Takes one of an identity away; false where none is left. */
function takeIdentity(found: FoundIdentities, identity: string | undefined): boolean {
  const left = identity === undefined ? undefined : found.get(identity)
  if (identity === undefined || left === undefined) return false
  if (left === 1) found.delete(identity)
  else found.set(identity, left - 1)
  return true
}

function decodeFrame(frame: OutboxFrame): RecordBatchView {
  return decodeRecordBatch(frame.batch, 0, { maxInflatedBytes: MOST_INFLATED_BYTES })
}

async function appendTopic(place: OutboxPlace, intent: TopicIntent, appender: BatchAppender): Promise<void> {
  const { topic } = appender
  const found = new Map<number, FoundIdentities>()
  for (const target of intent.targets) {
    if (target.topic !== topic.name) continue
    if (target.topicId !== topic.id) throw replaced(target, topic.id)
    found.set(target.partition, await findIdentities(place.store, topic, target))
  }
  for (const segment of intent.segments) {
    for await (const frame of outboxFrames(place.files, place.outbox, segment)) {
      if (frame.topic === topic.name) await appendFrame(appender, frame, { found, codec: place.codec })
    }
  }
  await appender.sync()
}

async function appendFrame(
  appender: BatchAppender,
  frame: OutboxFrame,
  known: { readonly found: ReadonlyMap<number, FoundIdentities>; readonly codec: Codec },
): Promise<void> {
  const found = known.found.get(frame.partition)
  if (found === undefined)
    throw new MillraceError('MR_STATE_CORRUPT', `the intent lacks ${frame.topic}-${frame.partition}`)
  if (found.size === 0) {
    await appender.appendBatch(frame.partition, frame.batch, frame.count)
    return
  }
  const view = decodeFrame(frame)
  const records: EncodableRecord[] = []
  for (let i = 0; i < view.count; i++) if (!takeIdentity(found, identityOf(view, i))) records.push(encodableAt(view, i))
  if (records.length === 0) return
  const batch = encodeRecordBatch({ baseOffset: 0, records, codec: known.codec })
  await appender.appendBatch(frame.partition, batch, records.length)
}

function count(found: FoundIdentities, identity: string | undefined): void {
  if (identity !== undefined) found.set(identity, (found.get(identity) ?? 0) + 1)
}

function replaced(target: TopicTarget, id: string): MillraceError {
  const message = `topic "${target.topic}" was created anew: it has id ${id}, the intent was made for ${target.topicId}`
  return new MillraceError('MR_SINK_REPLACED', message, { details: { topic: target.topic, id } })
}
