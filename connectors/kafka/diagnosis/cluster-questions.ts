import type { BodyReader } from '../client/body-reader.ts'
import type { BrokerAddress } from '../client/broker-address.ts'
import { COMPACT_NULL, compactArray, compactString, int8, int32, NO_TAGS } from '../client/encoding.ts'
import type { Question } from './question.ts'

/** Versions that a broker offers, by the key of the request. */
export type Offered = ReadonlyMap<number, { readonly least: number; readonly most: number }>

/** ApiVersions, version 0. */
export function apiVersions(): Question<Offered> {
  return {
    apiKey: 18,
    apiVersion: 0,
    isFlexible: false,
    body: new Uint8Array(0),
    read: (body) => {
      body.int16() // Error.
      const offered = new Map<number, { readonly least: number; readonly most: number }>()
      body.each(() => offered.set(body.int16(), { least: body.int16(), most: body.int16() }))
      return offered
    },
  }
}

export interface PartitionPicture {
  readonly partition: number
  /** Id of the node; −1 where there is none. */
  readonly leader: number
  readonly replicas: number
  readonly inSync: number
}

export interface TopicPicture {
  /** Code of the protocol; 0 is none. */
  readonly errorCode: number
  readonly name: string
  readonly id: string
  readonly isInternal: boolean
  readonly partitions: readonly PartitionPicture[]
  /** What the user may do, one bit per operation of ACLs. */
  readonly rights: number
}

/** The cluster as a broker describes it: where the brokers say that they are, and topics with the rights of the user. */
export interface ClusterPicture {
  readonly brokers: ReadonlyMap<number, BrokerAddress>
  readonly topics: readonly TopicPicture[]
}

const NO_ID = Buffer.alloc(16)

/** Metadata, version 12. */
export function metadata(topics: readonly string[] | 'all'): Question<ClusterPicture> {
  const named = (name: string): Buffer => Buffer.concat([NO_ID, compactString(name), NO_TAGS])
  return {
    apiKey: 3,
    apiVersion: 12,
    isFlexible: true,
    body: Buffer.concat([
      topics === 'all' ? COMPACT_NULL : compactArray(topics.map(named)),
      int8(0), // Creates no topic.
      int8(1), // Tells the rights.
      NO_TAGS,
    ]),
    read: readPicture,
  }
}

function readPicture(body: BodyReader): ClusterPicture {
  body.int32() // Throttle time.
  const brokers = body.compactArray((): readonly [number, BrokerAddress] => {
    const node = body.int32()
    const address = { host: body.compactString(), port: body.int32() }
    body.compactString() // Rack.
    body.tags()
    return [node, address]
  })
  body.compactString() // Id of the cluster.
  body.int32() // Controller.
  return { brokers: new Map(brokers), topics: body.compactArray(() => readTopic(body)) }
}

function readTopic(body: BodyReader): TopicPicture {
  const topic = {
    errorCode: body.int16(),
    name: body.compactString(),
    id: body.uuid(),
    isInternal: body.int8() !== 0,
    partitions: body.compactArray(() => readPartition(body)),
    rights: body.int32(),
  }
  body.tags()
  return topic
}

function readPartition(body: BodyReader): PartitionPicture {
  body.int16() // Error.
  const partition = body.int32()
  const leader = body.int32()
  body.int32() // Leader epoch.
  const [replicas, inSync] = [1, 2, 3].map(() => body.compactArray(() => body.int32()).length)
  body.tags()
  return { partition, leader, replicas: replicas!, inSync: inSync! }
}

const TOPIC = 2

/** Settings of one topic; `errorCode` where the user may not see them. */
export interface TopicSettings {
  readonly errorCode: number
  readonly values: ReadonlyMap<string, string>
}

/** DescribeConfigs, version 4, of one topic. */
export function topicSettings(topic: string, keys: readonly string[]): Question<TopicSettings> {
  const wanted = [int8(TOPIC), compactString(topic), compactArray(keys.map(compactString)), NO_TAGS]
  return {
    apiKey: 32,
    apiVersion: 4,
    isFlexible: true,
    // Without synonyms and documentation.
    body: Buffer.concat([compactArray([Buffer.concat(wanted)]), int8(0), int8(0), NO_TAGS]),
    read: (body) => {
      body.int32() // Throttle time.
      const [settings] = body.compactArray(() => readSettings(body))
      return settings!
    },
  }
}

function readSettings(body: BodyReader): TopicSettings {
  const errorCode = body.int16()
  body.compactString() // Message.
  body.int8() // Kind of the resource.
  body.compactString() // Its name.
  const values = body.compactArray((): readonly [string, string] => {
    const setting = [body.compactString(), body.compactString()] as const
    body.skip(3) // Read-only, source, sensitive.
    body.compactArray(() => body.compactString()) // Synonyms: none.
    body.int8() // Type.
    body.compactString() // Documentation.
    body.tags()
    return setting
  })
  return { errorCode, values: new Map(values) }
}

const QUORUM_TOPIC = '__cluster_metadata'

/** Key of DescribeQuorum, which brokers offer in version 1 from Kafka 3.3 on. */
export const QUORUM_KEY = 55

/**
 * DescribeQuorum, version 1: what the active controller holds for the time now, epoch ms. It says of every voter when that one had
 * last caught up, and of itself, that it has now. `undefined` where it does not tell.
 */
export function controllerTime(): Question<number | undefined> {
  const partition = Buffer.concat([int32(0), NO_TAGS])
  const topic = Buffer.concat([compactString(QUORUM_TOPIC), compactArray([partition]), NO_TAGS])
  return {
    apiKey: QUORUM_KEY,
    apiVersion: 1,
    isFlexible: true,
    body: Buffer.concat([compactArray([topic]), NO_TAGS]),
    read: (body) => {
      if (body.int16() !== 0) return undefined
      // There is one topic with one partition; what follows its voters is not needed.
      const [time] = body.compactArray(() => readQuorum(body))
      return time
    },
  }
}

function readQuorum(body: BodyReader): number | undefined {
  body.compactString() // Topic.
  const [time] = body.compactArray(() => {
    body.int32() // Partition.
    body.int16() // Error.
    const leader = body.int32()
    body.int32() // Epoch.
    body.int64() // High watermark.
    const voters = body.compactArray(() => {
      const node = body.int32()
      body.skip(8 + 8) // End of its log, last fetch.
      const caughtUpAt = Number(body.int64())
      body.tags()
      return { node, caughtUpAt }
    })
    return voters.find(({ node }) => node === leader)?.caughtUpAt
  })
  return time !== undefined && time > 0 ? time : undefined
}
