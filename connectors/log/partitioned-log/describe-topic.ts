import { type ConsumerAdvice, readAdvice } from './consumer-advice.ts'
import { partitionDirectory, segmentBases, segmentPath } from './layout.ts'
import type { PartitionedLog } from './partitioned-log.ts'
import type { Topic } from './topic.ts'

export interface PartitionDescription {
  readonly partition: number
  readonly startOffset: number
  readonly endOffset: number
  readonly sizeBytes: number
  readonly segments: number
  /** Largest timestamp of the last batch, epoch ms; `undefined` where there is no record. */
  readonly lastTimestamp: number | undefined
}

/** A pipeline that reads the topic, and how far its checkpoint is behind. */
export interface ConsumerDescription {
  readonly pipeline: string
  readonly offsets: Readonly<Record<string, number>>
  /** Records between the checkpoint and the end, all partitions together. */
  readonly lag: number
  /** When the pipeline last said so, epoch ms. */
  readonly at: number
}

export interface TopicDescription {
  readonly topic: Topic
  readonly partitions: readonly PartitionDescription[]
  readonly consumers: readonly ConsumerDescription[]
}

/** What is in a topic and who reads it. Throws `MR_LOG_TOPIC_UNKNOWN`. */
export async function describeTopic(log: PartitionedLog, name: string): Promise<TopicDescription> {
  const topic = await log.topic(name)
  const partitions: PartitionDescription[] = []
  for (let partition = 0; partition < topic.partitions; partition++) {
    partitions.push(await describePartition(log, topic, partition))
  }
  const advice = await readAdvice(log.ports.files, { directory: log.directory, topic: name })
  const current = advice.filter((one) => one.topicId === topic.id)
  return { topic, partitions, consumers: current.map((one) => describeConsumer(one, partitions)) }
}

async function describePartition(log: PartitionedLog, topic: Topic, partition: number): Promise<PartitionDescription> {
  const { files } = log.ports
  const directory = partitionDirectory({ directory: log.directory, topic: topic.name, partition })
  const { start, end } = await log.bounds(topic, partition)
  const bases = segmentBases(await files.list(directory))
  let sizeBytes = 0
  for (const base of bases) sizeBytes += (await files.size(segmentPath(directory, base))) ?? 0
  const lastTimestamp = end > start ? await timestampBefore(log, topic, { partition, end }) : undefined
  return { partition, startOffset: start, endOffset: end, sizeBytes, segments: bases.length, lastTimestamp }
}

async function timestampBefore(
  log: PartitionedLog,
  topic: Topic,
  place: { readonly partition: number; readonly end: number },
): Promise<number | undefined> {
  const cursor = await log.readFrom(topic, place.partition, place.end - 1)
  while (cursor.next < place.end) {
    const frame = cursor.take()
    if (frame !== undefined) return frame.maxTimestamp
    if (!(await cursor.fill())) return undefined
  }
  return undefined
}

function describeConsumer(advice: ConsumerAdvice, partitions: readonly PartitionDescription[]): ConsumerDescription {
  let lag = 0
  for (const { partition, startOffset, endOffset } of partitions) {
    lag += endOffset - (advice.offsets[String(partition)] ?? startOffset)
  }
  return { pipeline: advice.pipeline, offsets: advice.offsets, lag, at: advice.at }
}
