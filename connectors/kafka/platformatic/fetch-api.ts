import { MillraceError } from '../../../core/model/errors.ts'
import type { MemoryPool } from '../../../core/model/memory-pool.ts'
import type { AbortedTransaction } from '../../../formats/record-batch/transaction-filter.ts'
import type { FetchedPartition, FetchPartition, FetchRequest } from '../client/fetch-link.ts'
import { type API, createAPI, type Reader, Writer } from './package.ts'

// Fetch (key 1) as kafka.apache.org/protocol describes it, versions 13 to 17: topics by id, flexible encoding. Written here because
// the package's own parser turns every record into an object; everything around it (connection, TLS, SASL, framing) is the package's.
// Lengths and counts are read here too: the package's reader takes a varint of 32 bits for a negative number and steps back.

/** The first version that knows topic ids (Kafka 3.1), and the last one that is known here. */
export const FETCH_VERSIONS = { key: 1, least: 13, most: 17 } as const

/** The last version in which a consumer names itself as no replica. */
const LAST_WITH_REPLICA_ID = 14
const NO_REPLICA = -1
/** No fetch session: every request names all its partitions. */
const NO_SESSION = { id: 0, epoch: -1 } as const
const NO_LOG_START = -1n
/** The one tagged field of a partition that matters here. */
const DIVERGING_EPOCH = 0

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
  readArray(reader, () => {
    const topicId = reader.readUUID()
    for (let left = readLength(reader); left > 0; left--) partitions.push({ topicId, ...readPartition(reader, memory) })
  })
  return { errorCode, partitions, garbage: reader.buffer.buffers.slice(1, -1) }
}

function readPartition(reader: Reader, memory: MemoryPool): Omit<EncodedPartition, 'topicId'> {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  reader.readInt64() // High watermark.
  reader.readInt64() // Last stable offset: the broker sends nothing beyond it to a reader of committed records.
  reader.readInt64() // Start of the log.
  const aborted: AbortedTransaction[] = []
  readArray(reader, () => {
    aborted.push({ producerId: reader.readInt64(), firstOffset: Number(reader.readInt64()) })
  })
  reader.readInt32() // Preferred read replica: none without a rack.
  const records = readRecords(reader, memory)
  let divergesAt: number | undefined
  readTaggedFields(reader, (tag) => {
    if (tag !== DIVERGING_EPOCH) return
    const epoch = reader.readInt32()
    const end = Number(reader.readInt64())
    if (epoch >= 0 || end >= 0) divergesAt = end
  })
  return { partition, errorCode, aborted, divergesAt, records }
}

/** Elements that each end with tagged fields, of which none is known. */
function readArray(reader: Reader, readElement: () => void): void {
  for (let left = readLength(reader); left > 0; left--) {
    readElement()
    readTaggedFields(reader, () => undefined)
  }
}

function readTaggedFields(reader: Reader, readField: (tag: number) => void): void {
  for (let left = readSize(reader); left > 0; left--) {
    const tag = reader.readUnsignedVarInt()
    const end = readSize(reader) + reader.position
    readField(tag)
    reader.position = end
  }
}

/** A length or count in its compact form, one more than it is; −1 stands for null. */
function readLength(reader: Reader): number {
  return readSize(reader) - 1
}

/** A number of bytes, or of things of at least one byte each, that what is left can hold: some bytes always follow. */
function readSize(reader: Reader): number {
  const size = reader.readUnsignedVarInt()
  if (size >= 0 && size <= reader.remaining) return size
  throw new MillraceError(
    'MR_KAFKA_PROTOCOL',
    `Kafka: fetch: the response claims a size of ${size} where ${reader.remaining} bytes are left`,
  )
}

/** A copy: what came from the socket is given back at once. */
function readRecords(reader: Reader, memory: MemoryPool): Uint8Array<ArrayBuffer> {
  const size = readLength(reader)
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
