import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { getHeapStatistics } from 'node:v8'
import { Writer } from '@platformatic/kafka'
import { fetchCall } from '../../../connectors/kafka/kafkajs/raw-calls.ts'
import { FETCH_VERSIONS, fetchApi } from '../../../connectors/kafka/platformatic/fetch-api.ts'
import { MemoryPool } from '../../../core/model/memory-pool.ts'
import { encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import { fedConnection } from './fed-connection.ts'
import { kafkajsResponse, platformaticResponse, TOPIC_ID } from './fetch-responses.ts'

const REQUEST = { maxWaitMs: 0, maxBytes: 1, isCommittedOnly: true, topics: [] }
const REFUSED = { code: 'MR_KAFKA_PROTOCOL', message: /claims a size of/ }
const RECORD = { timestamp: 1, key: null, value: new Uint8Array(20), headers: [] }
const BATCH = encodeRecordBatch({ baseOffset: 40, records: [RECORD, RECORD], codec: 'none' })
const ABORTED = [
  { producerId: 4711n, firstOffset: 41 },
  { producerId: 12n, firstOffset: 3 },
]

function byPlatformatic(bytes: Uint8Array) {
  return fetchApi(FETCH_VERSIONS.least, new MemoryPool(0)).async(fedConnection(bytes), REQUEST)
}

function byKafkajs(bytes: Uint8Array) {
  return fetchCall(REQUEST).response.decode(Buffer.from(bytes))
}

/** Topics in a response of the flexible encoding, up to the aborted transactions of the first partition. */
function flexibleStart(): Writer {
  const start = Writer.create()
    .appendInt32(0)
    .appendInt16(0)
    .appendInt32(0)
    .appendInt8(2)
    .appendUUID(TOPIC_ID)
    .appendInt8(2)
  return start.appendInt32(0).appendInt16(0).appendInt64(90n).appendInt64(90n).appendInt64(0n)
}

describe('a fetch response', () => {
  it('is read by both clients: records in pieces or none, aborted transactions, a truncated log', async () => {
    for (const records of [BATCH, new Uint8Array(0)]) {
      const { partitions, errorCode } = await byPlatformatic(platformaticResponse(records))
      assert.equal(errorCode, 0)
      assert.deepEqual(
        partitions.map((partition) => ({ ...partition, records: Buffer.from(partition.records) })),
        [
          {
            topicId: TOPIC_ID,
            partition: 0,
            errorCode: 0,
            aborted: ABORTED,
            divergesAt: undefined,
            records: Buffer.from(records),
          },
          { topicId: TOPIC_ID, partition: 1, errorCode: 0, aborted: [], divergesAt: 17, records: Buffer.alloc(0) },
        ],
      )
      const [first, second] = await byKafkajs(kafkajsResponse(records))
      assert.deepEqual([first?.topicId, first?.partition, first?.aborted], ['events', 0, ABORTED])
      assert.deepEqual(first?.batches?.end(), records.length === 0 ? undefined : { offset: 42, leaderEpoch: -1 })
      assert.deepEqual([second?.partition, second?.batches], [1, undefined])
    }
  })

  it('takes no memory for records that it claims and does not have', async () => {
    const claim = flexibleStart()
      .appendInt8(0)
      .appendInt32(-1)
      .appendUnsignedVarInt(2 ** 30)
      .append(Buffer.alloc(100)).buffer
    const before = getHeapStatistics().external_memory
    await assert.rejects(byPlatformatic(claim), REFUSED)
    assert.ok(getHeapStatistics().external_memory - before < 1_000_000)
  })

  it('does not lead back by a negative size, to be read again and again', async () => {
    const transaction = Writer.create().appendInt64(1n).appendInt64(1n).appendInt8(1).appendInt8(7).buffer
    const back = Buffer.from([0xe9, 0xff, 0xff, 0xff, 0x0f])
    assert.equal(back.length + transaction.length, 23)
    const flexible = flexibleStart()
      .appendUnsignedVarInt(20)
      .append(transaction)
      .append(back)
      .append(Buffer.alloc(100)).buffer
    await assert.rejects(byPlatformatic(flexible), REFUSED)
    const fixed = Writer.create().appendInt32(0).appendInt16(0).appendInt32(0).appendInt32(100_000)
    fixed.appendString('events', false).appendInt32(0).appendInt16(-6)
    await assert.rejects(byKafkajs(fixed.buffer), REFUSED)
  })
})
