import type { BodyReader } from '../client/body-reader.ts'
import { BROKER_DEFAULT } from '../client/broker-default.ts'
import { compactArray, compactString, int8, int16, int32, int64, NO_TAGS } from '../client/encoding.ts'
import { NO_EPOCH } from '../client/kafka-client.ts'
import { EARLIEST, LATEST } from '../client/list-offsets.ts'
import type { Question } from './question.ts'

/** What ListOffsets takes for the first offset, for the end, and for the record with the newest timestamp. */
export const AT = { start: EARLIEST, end: LATEST, newest: -3 } as const

export interface ListedOffset {
  readonly partition: number
  readonly errorCode: number
  /** Epoch ms; negative where it is not asked for or there is no record. */
  readonly timestamp: number
  readonly offset: number
}

const NO_REPLICA = -1

/** ListOffsets, version 7, of partitions of one topic, to be put to their leader. Records of open transactions count. */
export function listOffsets(
  topic: string,
  partitions: readonly number[],
  at: (typeof AT)[keyof typeof AT],
): Question<readonly ListedOffset[]> {
  const asked = partitions.map((partition) =>
    Buffer.concat([int32(partition), int32(NO_EPOCH), int64(BigInt(at)), NO_TAGS]),
  )
  const named = Buffer.concat([compactString(topic), compactArray(asked), NO_TAGS])
  return {
    apiKey: 2,
    apiVersion: 7,
    isFlexible: true,
    body: Buffer.concat([int32(NO_REPLICA), int8(0), compactArray([named]), NO_TAGS]),
    read: (body) => {
      body.int32() // Throttle time.
      return body.compactArray(() => readOffsets(body)).flat()
    },
  }
}

function readOffsets(body: BodyReader): readonly ListedOffset[] {
  body.compactString() // Topic.
  const offsets = body.compactArray(() => {
    const partition = body.int32()
    const errorCode = body.int16()
    const timestamp = Number(body.int64())
    const offset = Number(body.int64())
    body.int32() // Leader epoch.
    body.tags()
    return { partition, errorCode, timestamp, offset }
  })
  body.tags()
  return offsets
}

/** What a cluster says of a topic that is to be made; the code is of the protocol, 0 is none. */
export interface CreationAnswer {
  readonly errorCode: number
  readonly message: string
}

/** CreateTopics, version 5, that only asks whether the topic could be made. */
export function mayCreate(topic: string, partitions: number): Question<CreationAnswer> {
  const wanted = [compactString(topic), int32(partitions), int16(BROKER_DEFAULT), compactArray([]), compactArray([])]
  return {
    apiKey: 19,
    apiVersion: 5,
    isFlexible: true,
    body: Buffer.concat([compactArray([Buffer.concat([...wanted, NO_TAGS])]), int32(5_000), int8(1), NO_TAGS]),
    read: (body) => {
      body.int32() // Throttle time.
      const [answer] = body.compactArray(() => {
        body.compactString() // Topic: it is the only one, so what follows the message is not read.
        return { errorCode: body.int16(), message: body.compactString() }
      })
      return answer!
    },
  }
}

/** No producer has such an id: the highest that there is. */
const NOBODY = 2n ** 63n - 1n

/**
 * EndTxn, version 3, by a producer that does not exist: the broker looks first whether the user may write under the transactional
 * id, and then refuses. Nothing ends. Gives the code of the protocol.
 */
export function mayTransact(transactionalId: string): Question<number> {
  return {
    apiKey: 26,
    apiVersion: 3,
    isFlexible: true,
    body: Buffer.concat([compactString(transactionalId), int64(NOBODY), int16(0), int8(0), NO_TAGS]),
    read: (body) => {
      body.int32() // Throttle time.
      return body.int16()
    },
  }
}
