import { after } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { kafka } from '../../connectors/kafka/index.ts'
import { CODECS } from '../../formats/record-batch/compression.ts'
import type { EncodableRecord } from '../../formats/record-batch/encode.ts'
import { textRecord } from '../connectors/log/log-fixture.ts'
import { type SuiteEntry, sourceSuite } from '../connectors/source-suite.ts'
import { suiteContract } from '../connectors/suite-records.ts'
import { BROKERS, KafkaFixture, topicName } from './kafka-fixture.ts'

const fixture = new KafkaFixture()
after(() => fixture.close())

const BATCH_RECORDS = 700

function recordOf(entry: SuiteEntry): EncodableRecord {
  if (entry === 'tombstone') return textRecord(null)
  if (entry === 'violation') return textRecord('{"id":5}')
  return textRecord(JSON.stringify(entry), { timestamp: entry.at })
}

for (const client of CLIENTS) {
  for (const codec of CODECS) {
    sourceSuite(`kafka (${client}, ${codec})`, async () => {
      const topic = topicName('suite')
      await fixture.createTopic(topic, 2)
      const options = { brokers: BROKERS, topics: [topic], contract: suiteContract, maxWait: '10ms', client } as const
      const recreate = async (): Promise<void> => {
        await fixture.admin.deleteTopics({ topics: [topic] })
        await fixture.createTopic(topic, 2)
      }
      return {
        open: () => fixture.owns(kafka(options).open(fixture.ports())),
        append: async (partition, entries) => {
          for (let from = 0; from < entries.length; from += BATCH_RECORDS) {
            await fixture.append({ topic, partition }, entries.slice(from, from + BATCH_RECORDS).map(recordOf), codec)
          }
        },
        // kafkajs knows topics by name only.
        recreate: client === 'kafkajs' ? undefined : recreate,
      }
    })
  }
}
