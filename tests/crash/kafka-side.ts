import { fileURLToPath } from 'node:url'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import { copyBytes, copyHeader } from '../../formats/record-batch/copy-bytes.ts'
import { headersOf } from '../../formats/record-batch/decode.ts'
import { KafkaBroker } from '../../scripts/kafka/broker.ts'
import { KafkaFixture } from '../kafka/kafka-fixture.ts'
import { committedViews } from '../kafka/read-topic.ts'
import type { FoundLetter } from '../simulation/invariants.ts'
import type { CrashSource, RoundSource } from './crash-source.ts'
import type { FeedTarget } from './event-feed.ts'
import { letterOf } from './log-side.ts'

const MODULE = fileURLToPath(new URL('pipelines/from-kafka.ts', import.meta.url))

/** Apache Kafka: the brokers of `KAFKA_BROKERS`, or one that is started for the run. */
export async function kafkaSource(): Promise<CrashSource> {
  const broker = process.env.KAFKA_BROKERS === undefined ? await KafkaBroker.start() : undefined
  const brokers = broker?.bootstrap ?? process.env.KAFKA_BROKERS!
  const fixture = new KafkaFixture(brokers)
  const run = Date.now().toString(36)
  return {
    round: (index) => roundOf(fixture, { brokers, id: `${run}-${index}` }),
    close: async () => {
      await fixture.close()
      await broker?.stop()
    },
  }
}

function roundOf(
  fixture: KafkaFixture,
  { brokers, id }: { readonly brokers: string; readonly id: string },
): RoundSource {
  const topic = `events-${id}`
  const pipeline = `curated-${id}`
  return {
    module: MODULE,
    environment: { KAFKA_BROKERS: brokers, CRASH_ROUND: id },
    pipeline,
    openTarget: async (_, splits) => {
      await fixture.createTopic(topic, splits)
      return kafkaFeedTarget(fixture, topic)
    },
    readLetters: () => readLetters(fixture, `${topic}.dlq`),
    checkAdvice: (_, marker) => checkGroup(fixture, { topic, group: pipeline, marker }),
  }
}

/** Records are in Kafka for good once all replicas have them, which is before `append` resolves. */
function kafkaFeedTarget(fixture: KafkaFixture, topic: string): FeedTarget {
  return {
    append: (partition, records) => fixture.append({ topic, partition }, records),
    sync: async () => undefined,
    close: async () => undefined,
  }
}

async function readLetters(fixture: KafkaFixture, topic: string): Promise<readonly FoundLetter[]> {
  const letters: FoundLetter[] = []
  if (!(await fixture.admin.listTopics()).includes(topic)) return letters
  for await (const { view } of committedViews(fixture, topic, 1)) {
    for (let i = 0; i < view.count; i++) {
      const value = copyBytes(view.buffer, view.valueStarts[i]!, view.valueLengths[i]!)
      letters.push(letterOf(headersOf(view, i).map(copyHeader), value))
    }
  }
  return letters
}

async function checkGroup(
  fixture: KafkaFixture,
  of: { readonly topic: string; readonly group: string; readonly marker: EpochMarker },
): Promise<readonly string[]> {
  const client = await fixture.client('read_committed')
  const advised = await client.groupOffsets(of.group)
  await client.close()
  return advised
    .filter(({ partition, offset }) => offset > (of.marker.positions[`${of.topic}-${partition}`]?.offset ?? 0))
    .map(({ partition, offset }) => `I7: partition ${partition} is advised at ${offset}, ahead of the checkpoint`)
}
