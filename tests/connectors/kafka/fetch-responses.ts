import { Writer } from '@platformatic/kafka'

// Answers of a broker to a fetch as the two clients read them: kafka.apache.org/protocol, Fetch (key 1), versions 13 and 11.

export const TOPIC_ID = '01234567-89ab-cdef-0123-456789abcdef'
const ABORTED = [
  { producerId: 4711n, firstOffset: 41n },
  { producerId: 12n, firstOffset: 3n },
]

/** One topic, two partitions: the first with records, which may be none, the second truncated under its reader. */
export function platformaticResponse(records: Uint8Array): Uint8Array {
  const partitions = [
    { partition: 0, records, aborted: ABORTED, divergesAt: undefined },
    { partition: 1, records: new Uint8Array(0), aborted: null, divergesAt: 17n },
  ]
  return Writer.create()
    .appendInt32(0)
    .appendInt16(0)
    .appendInt32(0)
    .appendArray([partitions], (writer, topic) => {
      writer.appendUUID(TOPIC_ID).appendArray(topic, writePartition, true, false)
    })
    .appendTaggedFields().buffer
}

function writePartition(
  writer: Writer,
  of: {
    readonly partition: number
    readonly records: Uint8Array
    readonly aborted: typeof ABORTED | null
    readonly divergesAt: bigint | undefined
  },
): void {
  writer
    .appendInt32(of.partition)
    .appendInt16(0)
    .appendInt64(90n)
    .appendInt64(90n)
    .appendInt64(0n)
    .appendArray(of.aborted, (out, { producerId, firstOffset }) => {
      out.appendInt64(producerId).appendInt64(firstOffset)
    })
    .appendInt32(-1)
    .appendUnsignedVarInt(of.records.length + 1)
    .append(Buffer.from(of.records))
  if (of.divergesAt === undefined) writer.appendTaggedFields()
  else writer.appendInt8(1).appendInt8(0).appendInt8(12).appendInt32(5).appendInt64(of.divergesAt)
}

/** The same in the fixed encoding; nobody tells there that a log was truncated. */
export function kafkajsResponse(records: Uint8Array): Uint8Array {
  const writer = Writer.create()
    .appendInt32(0)
    .appendInt16(0)
    .appendInt32(0)
    .appendInt32(1)
    .appendString('events', false)
  writer.appendInt32(2)
  for (const [partition, bytes] of [records, new Uint8Array(0)].entries()) {
    writer.appendInt32(partition).appendInt16(0).appendInt64(90n).appendInt64(90n).appendInt64(0n)
    writer.appendInt32(ABORTED.length)
    for (const { producerId, firstOffset } of ABORTED) writer.appendInt64(producerId).appendInt64(firstOffset)
    writer.appendInt32(-1).appendInt32(bytes.length).append(Buffer.from(bytes))
  }
  return writer.buffer
}
