import { type API, createAPI, type Reader, readKnownTaggedFields, Writer } from '@platformatic/kafka'
import type { MemoryPool } from '../../../core/model/memory-pool.ts'
import type { FetchedPartition, FetchPartition, FetchRequest } from '../client/fetch-link.ts'

// Fetch (key 1) as kafka.apache.org/protocol describes it, versions 13 to 17: topics by id, flexible encoding. Written here because
// the package's own parser turns every record into an object; everything around it (connection, TLS, SASL, framing) is the package's.

/** The first version that knows topic ids (Kafka 3.1), and the last one that is known here. */
export const FETCH_VERSIONS = { key: 1, least: 13, most: 17 } as const

/** The last version in which a consumer names itself as no replica. */
const LAST_WITH_REPLICA_ID = 14
const NO_REPLICA = -1
/** No fetch session: every request names all its partitions. */
const NO_SESSION = { id: 0, epoch: -1 } as const
const NO_LOG_START = -1n

/** A partition with its record batches; the last one may be cut off. */
export interface EncodedPartition extends Omit<FetchedPartition, 'batches'> {
  readonly records: Uint8Array<ArrayBuffer>
}

export interface FetchResponse {
  /** Code of the protocol for the whole response; 0 is none. */
  readonly errorCode: number
  readonly partitions: readonly EncodedPartition[]
  /**
   * What came from the socket and holds nothing else: nobody needs it once the connection has handed the response out, and V8
   * would come for it only after tens of megabytes, marking all of the heap.
   */
  readonly garbage: readonly Uint8Array[]
}

const NO_BYTES = new Uint8Array(0)

/** The call in one version of the protocol; records are copied into the memory. */
export function fetchApi(version: number, memory: MemoryPool): API<[FetchRequest], FetchResponse> {
  return createAPI(
    FETCH_VERSIONS.key,
    version,
    (request: FetchRequest) => writeRequest(request, version),
    (...args) => readResponse(args[3], memory),
  )
}

function writeRequest({ maxWaitMs, maxBytes, isCommittedOnly, topics }: FetchRequest, version: number): Writer {
  const writer = Writer.create()
  if (version <= LAST_WITH_REPLICA_ID) writer.appendInt32(NO_REPLICA)
  return writer
    .appendInt32(maxWaitMs)
    .appendInt32(1)
    .appendInt32(maxBytes)
    .appendInt8(isCommittedOnly ? 1 : 0)
    .appendInt32(NO_SESSION.id)
    .appendInt32(NO_SESSION.epoch)
    .appendArray([...topics], (out, topic) => {
      out.appendUUID(topic.topicId).appendArray([...topic.partitions], writePartition)
    })
    .appendArray([], () => undefined)
    .appendString('')
    .appendTaggedFields()
}

function writePartition(writer: Writer, partition: FetchPartition): void {
  writer
    .appendInt32(partition.partition)
    .appendInt32(partition.currentLeaderEpoch)
    .appendInt64(BigInt(partition.offset))
    .appendInt32(partition.lastFetchedEpoch)
    .appendInt64(NO_LOG_START)
    .appendInt32(partition.maxBytes)
}

function readResponse(reader: Reader, memory: MemoryPool): FetchResponse {
  reader.readInt32() // Throttle time: the broker itself delays what it throttles.
  const errorCode = reader.readInt16()
  reader.readInt32() // Session.
  const partitions: EncodedPartition[] = []
  reader.readArray((topic) => {
    const topicId = topic.readUUID()
    topic.readArray((entry) => partitions.push({ topicId, ...readPartition(entry, memory) }), true, false)
  })
  return { errorCode, partitions, garbage: reader.buffer.buffers.slice(1, -1) }
}

function readPartition(reader: Reader, memory: MemoryPool): Omit<EncodedPartition, 'topicId'> {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  reader.readInt64() // High watermark.
  reader.readInt64() // Last stable offset: the broker sends nothing beyond it to a reader of committed records.
  reader.readInt64() // Start of the log.
  const aborted = reader.readNullableArray((entry) => ({
    producerId: entry.readInt64(),
    firstOffset: Number(entry.readInt64()),
  }))
  reader.readInt32() // Preferred read replica: none without a rack.
  const records = readRecords(reader, memory)
  let divergesAt: number | undefined
  readKnownTaggedFields(reader, {
    0: (field: Reader) => {
      const epoch = field.readInt32()
      const end = Number(field.readInt64())
      if (epoch >= 0 || end >= 0) divergesAt = end
    },
  })
  return { partition, errorCode, aborted: aborted ?? [], divergesAt, records }
}

/** A copy: what came from the socket is given back at once. */
function readRecords(reader: Reader, memory: MemoryPool): Uint8Array<ArrayBuffer> {
  const size = reader.readUnsignedVarInt() - 1
  if (size <= 0) return NO_BYTES
  const records = new Uint8Array(memory.take(size), 0, size)
  let at = -reader.position
  for (const part of reader.buffer.buffers) {
    if (at + part.length > 0 && at < size) part.copy(records, Math.max(0, at), Math.max(0, -at))
    at += part.length
  }
  reader.skip(size)
  return records
}
