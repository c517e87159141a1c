import { createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { ProduceAnswer } from '../client/transaction.ts'

// Produce (key 0) as kafka.apache.org/protocol describes it, version 9: flexible, transactions, topics by name; brokers from 2.8 on
// take it. Written here to send record batches as they lie in the outbox.

const VERSION = 9
/** The one version that is known here. */
export const PRODUCE_VERSIONS = { name: 'Produce', key: 0, least: VERSION, most: VERSION } as const
/** All replicas in sync have it before the broker answers. */
const ACKS_ALL = -1

export interface ProduceRequest {
  /** `null` outside of a transaction. */
  readonly transactionalId: string | null
  readonly timeoutMs: number
  readonly topic: string
  readonly partition: number
  /** One record batch v2. */
  readonly batch: Uint8Array
}

export const produceApi = createAPI<[ProduceRequest], ProduceAnswer>(
  PRODUCE_VERSIONS.key,
  VERSION,
  writeRequest,
  (...args) => readResponse(args[3]),
)

function writeRequest({ transactionalId, timeoutMs, topic, partition, batch }: ProduceRequest): Writer {
  return Writer.create()
    .appendString(transactionalId)
    .appendInt16(ACKS_ALL)
    .appendInt32(timeoutMs)
    .appendArray([topic], (out) => {
      out.appendString(topic).appendArray([partition], (one) => {
        one.appendInt32(partition).appendBytes(Buffer.from(batch.buffer, batch.byteOffset, batch.length))
      })
    })
    .appendTaggedFields()
}

function readResponse(reader: Reader): ProduceAnswer {
  let response: ProduceAnswer = { errorCode: 0, message: '' }
  reader.readArray((topic) => {
    topic.readString()
    topic.readArray((partition) => {
      partition.readInt32() // Partition.
      const errorCode = partition.readInt16()
      partition.readInt64() // Base offset.
      partition.readInt64() // Log-append time.
      partition.readInt64() // Log start.
      partition.readArray((error) => {
        error.readInt32() // Index of the record.
        error.readNullableString()
      })
      const message = partition.readNullableString() ?? ''
      if (errorCode !== 0) response = { errorCode, message }
    })
  })
  return response
}
