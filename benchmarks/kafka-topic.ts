import { encodeRecordBatch, kafkaClient } from 'millrace/connectors/kafka'
import { systemPorts } from 'millrace/platform'
import { generateEvents } from '../examples/events-curated/generate-events.ts'

const PARTITIONS = 4
const CHUNK = 100_000
/** About 64 KB before compression, as producers of Java make them when they are busy with larger batches. */
const BATCH_RECORDS = 330
const SEED = 20240301

/** A topic with so many seeded events, lz4; it is filled once per broker. */
export async function fillKafka(brokers: string, events: number): Promise<string> {
  const topic = `benchmark-${events}`
  const client = await kafkaClient(systemPorts({ pipeline: 'benchmark-fill' }), { brokers })
  try {
    if ((await client.listTopics()).includes(topic)) return topic
    await client.createTopic(topic, PARTITIONS)
    for (let from = 0; from < events; from += CHUNK) {
      const transaction = await client.transaction(topic)
      for (const { partition, batch } of batchesOf({ from, to: Math.min(from + CHUNK, events) })) {
        await transaction.append({ topic, partition }, batch)
      }
      await transaction.commit()
    }
    return topic
  } finally {
    await client.close()
  }
}

function* batchesOf(range: { readonly from: number; readonly to: number }) {
  const events = generateEvents(range, { seed: SEED, splits: PARTITIONS })
  for (const [partition, ofPartition] of Map.groupBy(events, ({ split }) => split)) {
    for (let at = 0; at < ofPartition.length; at += BATCH_RECORDS) {
      const records = ofPartition.slice(at, at + BATCH_RECORDS).map(({ timestampMs, recordKey, value }) => ({
        timestamp: timestampMs,
        key: recordKey,
        value,
        headers: [],
      }))
      yield { partition, batch: encodeRecordBatch({ baseOffset: 0, records, codec: 'lz4' }) }
    }
  }
}
