import type { PlacedAnswer, PlacedBatch, ProduceRequest } from '../client/produce-calls.ts'
import { createAPI, type Reader, Writer } from './package.ts'

// Produce (key 0) as kafka.apache.org/protocol describes it, version 9: flexible, transactions, topics by name; brokers from 2.8 on
// take it. Written here to send record batches as they lie in the outbox.

const VERSION = 9
/** The one version that is known here. */
export const PRODUCE_VERSIONS = { name: 'Produce', key: 0, least: VERSION, most: VERSION } as const
/** All replicas in sync have it before the broker answers. */
const ACKS_ALL = -1

interface TimedRequest extends ProduceRequest {
  /** How long the broker may wait for its replicas. */
  readonly timeoutMs: number
}

export const produceApi = createAPI<[TimedRequest], readonly PlacedAnswer[]>(
  PRODUCE_VERSIONS.key,
  VERSION,
  writeRequest,
  (...args) => readResponse(args[3]),
)

function writeRequest({ transactionalId, timeoutMs, batches }: TimedRequest): Writer {
  const byTopic = Map.groupBy(batches, ({ topic }) => topic)
  return Writer.create()
    .appendString(transactionalId)
    .appendInt16(ACKS_ALL)
    .appendInt32(timeoutMs)
    .appendArray([...byTopic], (out, [topic, ofTopic]) => {
      out.appendString(topic).appendArray(ofTopic, writeBatch)
    })
    .appendTaggedFields()
}

function writeBatch(out: Writer, { partition, batch }: PlacedBatch): void {
  out.appendInt32(partition).appendBytes(Buffer.from(batch.buffer, batch.byteOffset, batch.length))
}

function readResponse(reader: Reader): readonly PlacedAnswer[] {
  const topics = reader.readArray(() => {
    const topic = reader.readString()
    return reader.readArray(() => ({ topic, ...readPartition(reader) }))
  })
  return topics.flat()
}

function readPartition(reader: Reader): Omit<PlacedAnswer, 'topic'> {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  reader.readInt64() // Base offset.
  reader.readInt64() // Log-append time.
  reader.readInt64() // Log start.
  reader.readArray((error) => {
    error.readInt32() // Index of the record.
    error.readNullableString()
  })
  return { partition, errorCode, message: reader.readNullableString() ?? '' }
}
