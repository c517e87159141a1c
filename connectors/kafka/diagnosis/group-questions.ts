import type { BodyReader } from '../client/body-reader.ts'
import { COMPACT_NULL, compactArray, compactString, int8, NO_TAGS } from '../client/encoding.ts'
import type { GroupOffset } from '../client/kafka-client.ts'
import type { Question } from './question.ts'

export interface GroupPicture {
  /** Code of the protocol; 0 is none. */
  readonly errorCode: number
  readonly state: string
  readonly members: number
  readonly rights: number
}

/** DescribeGroups, version 5: groups of the classic protocol. One that nobody knows is `Dead`. */
export function describeGroup(group: string): Question<GroupPicture> {
  return {
    apiKey: 15,
    apiVersion: 5,
    isFlexible: true,
    body: Buffer.concat([compactArray([compactString(group)]), int8(1), NO_TAGS]),
    read: (body) => {
      body.int32() // Throttle time.
      const [picture] = body.compactArray(() => readGroup(body))
      return picture!
    },
  }
}

function readGroup(body: BodyReader): GroupPicture {
  const errorCode = body.int16()
  body.compactString() // Group.
  const state = body.compactString()
  body.compactString() // Kind of protocol.
  body.compactString() // Protocol.
  const members = body.compactArray(() => {
    // Member, instance, client, host, subscription, assignment.
    for (let field = 0; field < 6; field++) body.compactString()
    body.tags()
  })
  return { errorCode, state, members: members.length, rights: body.int32() }
}

/** Key of ConsumerGroupDescribe, from Kafka 3.7 on. */
export const CONSUMER_GROUP_KEY = 69

/** ConsumerGroupDescribe, version 0: how many members a group of the new protocol has. */
export function countMembers(group: string): Question<number> {
  return {
    apiKey: CONSUMER_GROUP_KEY,
    apiVersion: 0,
    isFlexible: true,
    body: Buffer.concat([compactArray([compactString(group)]), int8(0), NO_TAGS]),
    read: (body) => {
      body.int32() // Throttle time.
      const [members = 0] = body.compactArray(() => {
        const errorCode = body.int16()
        // Message, group, state.
        for (let field = 0; field < 3; field++) body.compactString()
        body.skip(4 + 4) // Epochs.
        body.compactString() // Assignor.
        // It is the only group, so only the count of its members is read.
        return errorCode === 0 ? body.compactArray(() => undefined).length : 0
      })
      return members
    },
  }
}

/** OffsetFetch, version 7: all that a group has committed. */
export function groupOffsets(group: string): Question<readonly GroupOffset[]> {
  return {
    apiKey: 9,
    apiVersion: 7,
    isFlexible: true,
    // Of all topics; also what a transaction may still change.
    body: Buffer.concat([compactString(group), COMPACT_NULL, int8(0), NO_TAGS]),
    read: (body) => {
      body.int32() // Throttle time.
      return body.compactArray(() => readTopic(body)).flat()
    },
  }
}

function readTopic(body: BodyReader): readonly GroupOffset[] {
  const topic = body.compactString()
  const offsets = body.compactArray(() => {
    const partition = body.int32()
    const offset = Number(body.int64())
    body.int32() // Leader epoch.
    const metadata = body.compactString()
    body.int16() // Error.
    body.tags()
    return { topic, partition, offset, metadata }
  })
  body.tags()
  return offsets
}
