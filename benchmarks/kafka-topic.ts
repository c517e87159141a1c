import { encodeRecordBatch, type KafkaClient, kafkaClient } from 'millrace/connectors/kafka'
import { systemPorts } from 'millrace/platform'
import { generateEvents } from '../examples/events-curated/generate-events.ts'
import { closingOrders, generateOrders, ORDER_PARTITIONS } from './orders/generate-orders.ts'

const PARTITIONS = 4
const CHUNK = 100_000
/** About 64 KB before compression, as producers of Java make them when they are busy with larger batches. */
const BATCH_RECORDS = 330
const SEED = 20240301

/** A record with its place in a topic. */
interface PlacedRecord {
  readonly partition: number
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

interface TopicContent {
  readonly topic: string
  readonly partitions: number
  readonly records: number
  /** All records; each chunk becomes a transaction. */
  readonly chunks: Iterable<Iterable<PlacedRecord>>
}

/** A topic with so many seeded events, lz4; it is filled once per broker. */
export function fillKafka(brokers: string, events: number): Promise<string> {
  const topic = `benchmark-${events}`
  return fillTopic(brokers, { topic, partitions: PARTITIONS, records: events, chunks: eventChunks(events) })
}

/** The same with so many seeded orders, and one that closes the windows in each partition. */
export function fillOrders(
  brokers: string,
  { events, seed }: { readonly events: number; readonly seed: number },
): Promise<string> {
  const topic = `benchmark-orders-${seed}-${events}`
  const records = events + ORDER_PARTITIONS
  return fillTopic(brokers, { topic, partitions: ORDER_PARTITIONS, records, chunks: orderChunks(events, seed) })
}

function* eventChunks(events: number): Generator<PlacedRecord[]> {
  for (const range of ranges(events)) {
    const made = generateEvents(range, { seed: SEED, splits: PARTITIONS })
    yield made.map(({ split, timestampMs, recordKey, value }) => ({
      partition: split,
      timestamp: timestampMs,
      key: recordKey,
      value,
    }))
  }
}

function* orderChunks(events: number, seed: number): Generator<Iterable<PlacedRecord>> {
  for (const range of ranges(events)) yield generateOrders(range, seed)
  yield closingOrders(events, seed)
}

function* ranges(events: number) {
  for (let from = 0; from < events; from += CHUNK) yield { from, to: Math.min(from + CHUNK, events) }
}

async function fillTopic(brokers: string, content: TopicContent): Promise<string> {
  const { topic, partitions, chunks } = content
  const client = await kafkaClient(systemPorts({ pipeline: 'benchmark-fill' }), { brokers })
  try {
    if ((await client.listTopics()).includes(topic)) {
      await refuseUnfinished(client, content)
      return topic
    }
    await client.createTopic(topic, partitions)
    for (const records of chunks) {
      const transaction = await client.transaction(topic)
      for (const { partition, batch } of batchesOf(records)) await transaction.append({ topic, partition }, batch)
      await transaction.commit()
    }
    return topic
  } finally {
    await client.close()
  }
}

async function refuseUnfinished(client: KafkaClient, { topic, partitions, records }: TopicContent): Promise<void> {
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
  const ends = await client.listOffsets(places, 'latest')
  // Markers of transactions have offsets too, so there may be more of them.
  const end = ends.reduce((sum, offset) => sum + offset, 0)
  if (end < records) throw new Error(`topic ${topic} was not filled to its end (${end} of ${records}); delete it`)
}

function* batchesOf(content: Iterable<PlacedRecord>) {
  for (const [partition, ofPartition] of Map.groupBy(content, (record) => record.partition)) {
    for (let at = 0; at < ofPartition.length; at += BATCH_RECORDS) {
      const records = ofPartition
        .slice(at, at + BATCH_RECORDS)
        .map(({ timestamp, key, value }) => ({ timestamp, key, value, headers: [] }))
      yield { partition, batch: encodeRecordBatch({ baseOffset: 0, records, codec: 'lz4' }) }
    }
  }
}
