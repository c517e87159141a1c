import { MillraceError } from '../../../core/model/errors.ts'
import { BodyReader } from '../client/body-reader.ts'
import type { ApiRange } from '../client/broker-line.ts'
import { EncodedBatches } from '../client/encoded-chunk.ts'
import { array, int8, int16, int32, int64, string } from '../client/encoding.ts'
import type { FetchedPartition, FetchRequest, FetchTopic } from '../client/fetch-link.ts'
import type { PlacedAnswer, ProduceRequest } from '../client/produce-calls.ts'
import { PRODUCE_MS, REQUEST_MS } from '../client/timeouts.ts'
import type { EncodedBody, RawCall } from './internals.ts'

// Fetch, version 11, and Produce, version 7, as kafka.apache.org/protocol describes them: the newest before the flexible encoding,
// which kafkajs does not speak. Topics go by name; there is no check for a truncated log.

/** What is sent in bytes of ours. */
export const RAW_NEEDS: readonly ApiRange[] = [
  { name: 'Fetch', key: 1, least: 11, most: 11 },
  { name: 'Produce', key: 0, least: 7, most: 7 },
]

const NO_REPLICA = -1
const NO_SESSION = { id: 0, epoch: -1 } as const
const NO_LOG_START = -1n
const ACKS_ALL = -1
const NULL_STRING = int16(-1)

/** A fetch; its topic ids are names. */
export function fetchCall(request: FetchRequest): RawCall<readonly FetchedPartition[]> {
  const body = Buffer.concat([
    int32(NO_REPLICA),
    int32(request.maxWaitMs),
    int32(1),
    int32(request.maxBytes),
    int8(request.isCommittedOnly ? 1 : 0),
    int32(NO_SESSION.id),
    int32(NO_SESSION.epoch),
    array(request.topics.map(fetchTopic)),
    array([]),
    string(''),
  ])
  return rawCall({ apiKey: 1, apiVersion: 11, apiName: 'Fetch' }, body, {
    requestTimeout: REQUEST_MS + request.maxWaitMs,
    decode: readFetch,
  })
}

/** Record batches as they are. */
export function produceCall({ transactionalId, batches }: ProduceRequest): RawCall<readonly PlacedAnswer[]> {
  const topics = [...Map.groupBy(batches, ({ topic }) => topic)].map(([topic, ofTopic]) => {
    const records = ofTopic.map(({ partition, batch }) => Buffer.concat([int32(partition), int32(batch.length), batch]))
    return Buffer.concat([string(topic), array(records)])
  })
  const body = Buffer.concat([
    transactionalId === null ? NULL_STRING : string(transactionalId),
    int16(ACKS_ALL),
    int32(PRODUCE_MS),
    array(topics),
  ])
  return rawCall({ apiKey: 0, apiVersion: 7, apiName: 'Produce' }, body, {
    requestTimeout: REQUEST_MS,
    decode: readProduce,
  })
}

/** A call whose bytes are ours on both ways. */
export function rawCall<Answer extends object>(
  api: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string },
  body: Buffer,
  answer: { readonly requestTimeout: number; readonly decode: (body: Buffer) => Answer },
): RawCall<Answer> {
  const encoded: EncodedBody = { buf: body, buffer: body }
  return {
    request: { ...api, encode: async () => encoded },
    response: { decode: async (bytes) => answer.decode(bytes), parse: async (decoded) => decoded },
    requestTimeout: answer.requestTimeout,
    logResponseError: false,
  }
}

function fetchTopic({ topicId, partitions }: FetchTopic): Buffer {
  const encoded = partitions.map(({ partition, currentLeaderEpoch, offset, maxBytes }) =>
    Buffer.concat([
      int32(partition),
      int32(currentLeaderEpoch),
      int64(BigInt(offset)),
      int64(NO_LOG_START),
      int32(maxBytes),
    ]),
  )
  return Buffer.concat([string(topicId), array(encoded)])
}

function readFetch(body: Buffer): readonly FetchedPartition[] {
  const reader = new BodyReader(body)
  reader.skip(4) // Throttle time.
  const errorCode = reader.int16()
  if (errorCode !== 0) {
    throw new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: fetch: the broker answered with error ${errorCode}`)
  }
  reader.skip(4) // Session.
  const partitions: FetchedPartition[] = []
  reader.each(() => {
    const topicId = reader.string()
    reader.each(() => partitions.push(readPartition(reader, topicId)))
  })
  return partitions
}

function readPartition(reader: BodyReader, topicId: string): FetchedPartition {
  const partition = reader.int32()
  const errorCode = reader.int16()
  reader.skip(8 + 8 + 8) // High watermark, last stable offset, start of the log.
  const aborted: FetchedPartition['aborted'][number][] = []
  reader.each(() => aborted.push({ producerId: reader.int64(), firstOffset: Number(reader.int64()) }))
  reader.skip(4) // Preferred read replica.
  // A copy: a record batch must not keep the whole response alive.
  const records = Uint8Array.from(reader.bytes())
  const batches = records.length === 0 ? undefined : new EncodedBatches(records, () => undefined)
  return { topicId, partition, errorCode, aborted, divergesAt: undefined, batches }
}

function readProduce(body: Buffer): readonly PlacedAnswer[] {
  const reader = new BodyReader(body)
  const answers: PlacedAnswer[] = []
  reader.each(() => {
    const topic = reader.string()
    reader.each(() => {
      answers.push({ topic, partition: reader.int32(), errorCode: reader.int16(), message: '' })
      reader.skip(8 + 8 + 8) // Base offset, log-append time, start of the log.
    })
  })
  return answers
}
