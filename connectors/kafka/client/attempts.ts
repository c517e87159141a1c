import { splitId } from '../../../core/model/position.ts'
import { type BrokerAddress, nameOf } from './broker-address.ts'
import type { TopicPartition } from './kafka-client.ts'

/** Something that is asked of brokers, in words for messages. */
export interface Attempt {
  readonly what: string
  /** What the user must be granted for it, as kafka-acls names it; none where brokers ask for no right. */
  readonly right?: string
}

/** Whatever is asked of brokers. */
export const attempts = {
  listTopics: { what: 'list topics' },
  connectTo: (broker: BrokerAddress) => ({ what: `connect to ${nameOf(broker)}` }),
  ask: (broker: BrokerAddress) => ({ what: `ask ${nameOf(broker)}` }),
  askForVersions: { what: 'ask for versions' },
  close: { what: 'close' },
  describeTopics: (names: readonly string[]) => ({
    what: `describe topics ${names.join(', ')}`,
    right: `DESCRIBE on ${topics(names)}`,
  }),
  createTopic: (name: string) => ({
    what: `create topic "${name}"`,
    right: `CREATE on ${topics([name])} or on the cluster`,
  }),
  listOffsets: (names: readonly string[]) => ({
    what: `list offsets of ${names.join(', ')}`,
    right: `DESCRIBE on ${topics(names)}`,
  }),
  fetch: (broker: BrokerAddress) => ({ what: `fetch from ${nameOf(broker)}` }),
  readPartition: ({ topic, partition }: TopicPartition) => ({
    what: `read ${splitId(topic, partition)}`,
    right: `READ on ${topics([topic])}`,
  }),
  readGroup: (group: string) => ({
    what: `read offsets of group "${group}"`,
    right: `DESCRIBE on group "${group}"`,
  }),
  commitToGroup: (group: string) => ({
    what: `commit offsets of group "${group}"`,
    right: `READ on group "${group}" and on the topics`,
  }),
  beginTransaction: (id: string) => ({
    what: `begin transaction "${id}"`,
    right: `WRITE on transactional id "${id}"`,
  }),
  joinTransaction: (id: string, { topic, partition }: TopicPartition) => ({
    what: `begin to write ${splitId(topic, partition)}`,
    right: `WRITE on ${topics([topic])} and on transactional id "${id}"`,
  }),
  beginToWrite: ({ topic, partition }: TopicPartition) => ({
    what: `begin to write ${splitId(topic, partition)}`,
    right: `WRITE on ${topics([topic])}`,
  }),
  /** Several batches, whose answers are looked at one by one. */
  write: (places: readonly TopicPartition[]) => ({
    what: `write ${places.map(({ topic, partition }) => splitId(topic, partition)).join(', ')}`,
    right: `WRITE on ${topics([...new Set(places.map(({ topic }) => topic))])}`,
  }),
  writePartition: ({ topic, partition }: TopicPartition) => ({
    what: `write ${splitId(topic, partition)}`,
    right: `WRITE on ${topics([topic])}`,
  }),
  commitTransaction: (id: string) => ({
    what: `commit transaction "${id}"`,
    right: `WRITE on transactional id "${id}"`,
  }),
} satisfies Readonly<Record<string, Attempt | ((...args: never[]) => Attempt)>>

function topics(names: readonly string[]): string {
  return `topic${names.length === 1 ? '' : 's'} ${names.map((name) => `"${name}"`).join(', ')}`
}
