import { MillraceError } from '../../../core/model/errors.ts'
import type { Clock } from '../../../core/ports/clock.ts'
import {
  createExclusively,
  type FileLock,
  type FileStore,
  makeDurableDirectory,
} from '../../../core/ports/file-store.ts'
import type { Random } from '../../../core/ports/random.ts'
import { checkTopicName, logCorrupt, partitionDirectory, topicDirectory } from './layout.ts'
import { isMirrorOrigin, type MirrorOrigin } from './mirror-origin.ts'
import { writeSyncedEnd } from './synced-end.ts'

const FORMAT = 1
const LOCK_WAIT_MS = 10_000
const LOCK_RETRY_MS = 50
const MOST_PARTITIONS = 10_000

/** A topic of the log. */
export interface Topic {
  readonly name: string
  /** Given at creation; a topic created anew under the same name has another one. */
  readonly id: string
  readonly partitions: number
  /** Only where it is a copy. */
  readonly mirrorOf?: MirrorOrigin
}

/** What a new topic is to be. */
export type TopicShape = Pick<Topic, 'partitions' | 'mirrorOf'>

/** What the log needs of the real world. */
export interface LogPorts {
  readonly files: FileStore
  readonly clock: Clock
  readonly random: Random
}

/** The topic, or `undefined` where there is none. */
export async function findTopic(files: FileStore, directory: string, name: string): Promise<Topic | undefined> {
  checkTopicName(name)
  const path = `${topicDirectory(directory, name)}/topic.json`
  if ((await files.size(path)) === undefined) return undefined
  const topic = parse(name, new TextDecoder().decode(await files.read(path)))
  if (topic === undefined) throw logCorrupt('the description of the topic cannot be read', path)
  return topic
}

/** The topic. Throws `MR_LOG_TOPIC_UNKNOWN` where there is none. */
export async function readTopic(files: FileStore, directory: string, name: string): Promise<Topic> {
  const topic = await findTopic(files, directory, name)
  if (topic !== undefined) return topic
  const message = `topic "${name}" does not exist in ${directory}; create it with \`millrace log create ${name}\``
  throw new MillraceError('MR_LOG_TOPIC_UNKNOWN', message, { details: { topic: name, directory } })
}

/**
 * Creates a topic, or returns the one that is there if it has as many partitions (else `MR_LOG_TOPIC_EXISTS`). It exists
 * once `topic.json` does, which is written last.
 */
export async function createTopic(
  ports: LogPorts,
  place: { readonly directory: string; readonly name: string },
  shape: TopicShape,
): Promise<Topic> {
  const { directory, name } = place
  const { partitions } = shape
  checkTopicName(name)
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MOST_PARTITIONS) {
    throw new MillraceError(
      'MR_OPTION_INVALID',
      `topic "${name}": partitions is 1 to ${MOST_PARTITIONS}, not ${partitions}`,
    )
  }
  const lock = await lockTopic(ports, topicDirectory(directory, name))
  try {
    const existing = await findTopic(ports.files, directory, name)
    return existing === undefined
      ? await lay(ports, directory, { name, id: ports.random.uuid(), ...shape })
      : same(existing, partitions)
  } finally {
    await lock.release()
  }
}

/** Waits up to 10 s for the right to append to a topic; then `MR_LOG_LOCKED`. */
export async function lockTopic(ports: Pick<LogPorts, 'files' | 'clock'>, topic: string): Promise<FileLock> {
  const directory = `${topic}/lock`
  await makeDurableDirectory(ports.files, directory)
  const deadline = ports.clock.monotonic() + LOCK_WAIT_MS
  for (;;) {
    const lock = await ports.files.lock(directory)
    if (lock !== undefined) return lock
    if (ports.clock.monotonic() >= deadline) {
      const message = `${topic}: another process appends to this topic and did not finish within ${LOCK_WAIT_MS / 1000} s`
      throw new MillraceError('MR_LOG_LOCKED', message, { details: { path: directory } })
    }
    await ports.clock.after(LOCK_RETRY_MS)
  }
}

async function lay(ports: LogPorts, directory: string, topic: Topic): Promise<Topic> {
  const { files } = ports
  const home = topicDirectory(directory, topic.name)
  for (let partition = 0; partition < topic.partitions; partition++) {
    const path = partitionDirectory({ directory, topic: topic.name, partition })
    await makeDurableDirectory(files, path)
    await writeSyncedEnd(files, path, { topicId: topic.id, segment: 0, position: 0, next: 0 })
  }
  const { id: topicId, partitions, mirrorOf } = topic
  const text = JSON.stringify({ format: FORMAT, topicId, partitions, mirrorOf })
  const content = { bytes: new TextEncoder().encode(text), temporary: `${home}/topic.json.new` }
  await createExclusively(files, `${home}/topic.json`, content)
  return topic
}

function same(existing: Topic, partitions: number): Topic {
  if (existing.partitions === partitions) return existing
  const message = `topic "${existing.name}" exists with ${existing.partitions} partitions, not ${partitions}`
  throw new MillraceError('MR_LOG_TOPIC_EXISTS', message, { details: { topic: existing.name } })
}

function parse(name: string, text: string): Topic | undefined {
  try {
    // Whatever JSON.parse gives, its fields are checked before use.
    const raw = JSON.parse(text) as Partial<Record<'format' | 'topicId' | 'partitions' | 'mirrorOf', unknown>> | null
    const { format, topicId, partitions, mirrorOf } = raw ?? {}
    if (format !== FORMAT || typeof topicId !== 'string' || typeof partitions !== 'number') return undefined
    if (mirrorOf === undefined) return { name, id: topicId, partitions }
    return isMirrorOrigin(mirrorOf, partitions) ? { name, id: topicId, partitions, mirrorOf } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
