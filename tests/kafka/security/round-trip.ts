import assert from 'node:assert/strict'
import { encodeRecordBatch, type KafkaClientChoice, kafka, kafkaClient } from '../../../connectors/kafka/index.ts'
import type { SplitReader } from '../../../core/ports/source.ts'
import { suiteContract, suiteRecords } from '../../connectors/suite-records.ts'
import { type KafkaFixture, topicName } from '../kafka-fixture.ts'
import type { Reached } from './secure-broker.ts'

export type Connected = Reached & { readonly client: KafkaClientChoice }

/** So many records of the suite as one batch. */
export function suiteBatchOf(count: number): Uint8Array {
  const records = suiteRecords(0, count).map((record) => ({
    timestamp: 1,
    key: null,
    value: Buffer.from(JSON.stringify(record)),
    headers: [],
  }))
  return encodeRecordBatch({ baseOffset: 0, codec: 'lz4', records })
}

/** Writes in a transaction and reads with a source, both over this connection alone. */
export async function roundTrip(fixture: KafkaFixture, connected: Connected): Promise<void> {
  const topic = topicName('secure')
  await fixture.createTopic(topic)
  const client = fixture.owns(await kafkaClient(fixture.ports(), connected))
  const transaction = await client.transaction(topic)
  await transaction.append({ topic, partition: 0 }, suiteBatchOf(3))
  await transaction.commit()
  const spec = kafka({ ...connected, topics: [topic], contract: suiteContract, maxWait: '50ms' })
  const source = fixture.owns(spec.open(fixture.ports()))
  const [split] = await source.splits()
  const reader = await source.reader(split!, await source.startPosition(split!), 0)
  assert.equal(await firstConsumed(reader), 3)
}

/** Records of the first poll that brings some. */
async function firstConsumed(reader: SplitReader): Promise<number> {
  for (;;) {
    const { consumed } = await reader.poll(undefined)
    if (consumed > 0) return consumed
    await reader.arrival?.()
  }
}
