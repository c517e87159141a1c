import { createAPI, type Reader, Writer } from '@platformatic/kafka'

interface Produce {
  readonly topic: string
  readonly partition: number
  readonly batch: Uint8Array
}

/** Sends a record batch as it is, without a transaction: Produce, version 9, all replicas. Resolves with the error code, 0 for none. */
export const plainProduce = createAPI<[Produce], number>(
  0,
  9,
  ({ topic, partition, batch }: Produce) =>
    Writer.create()
      .appendString(null)
      .appendInt16(-1)
      .appendInt32(10_000)
      .appendArray([topic], (out) => {
        out.appendString(topic).appendArray([partition], (one) => {
          one.appendInt32(partition).appendBytes(Buffer.from(batch))
        })
      })
      .appendTaggedFields(),
  (...args) => codeOf(args[3]),
)

function codeOf(reader: Reader): number {
  let found = 0
  reader.readArray((topic) => {
    topic.readString()
    topic.readArray((partition) => {
      partition.skip(4)
      const code = partition.readInt16()
      if (code !== 0) found = code
      partition.skip(24)
      partition.readArray((error) => error.skip(4).readNullableString())
      partition.readNullableString()
    })
  })
  return found
}
