import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listOffsets } from '../../../connectors/kafka/client/list-offsets.ts'

const LATEST = -1
const EARLIEST = -2
const places = [
  { topic: 'events', partition: 0 },
  { topic: 'events', partition: 1 },
]

/** Answers by what was asked, as a broker does, and keeps the questions. */
function brokerOf(answers: Readonly<Record<number, readonly number[]>>) {
  const asked: number[] = []
  return {
    asked,
    call: async (_: unknown, timestamp: number) => {
      asked.push(timestamp)
      return new Map((answers[timestamp] ?? []).map((offset, partition) => [`events-${partition}`, offset]))
    },
  }
}

describe('listOffsets', () => {
  it('gives beginnings and ends by one call', async () => {
    const { asked, call } = brokerOf({ [EARLIEST]: [3, 0], [LATEST]: [9, 5] })
    assert.deepEqual(await listOffsets(call, places, 'earliest'), [3, 0])
    assert.deepEqual(await listOffsets(call, places, 'latest'), [9, 5])
    assert.deepEqual(asked, [EARLIEST, LATEST])
  })

  it('asks for the ends before it asks for a time, so that a record which comes in between lies behind the end', async () => {
    const { asked, call } = brokerOf({ [LATEST]: [9, 5], 1000: [4, -1] })
    assert.deepEqual(await listOffsets(call, places, 1000), [4, 5])
    assert.deepEqual(asked, [LATEST, 1000])
  })

  it('names a partition of which the broker told nothing', async () => {
    const { call } = brokerOf({ [LATEST]: [9] })
    await assert.rejects(listOffsets(call, places, 'latest'), { code: 'MR_KAFKA_PROTOCOL', message: /events-1/ })
  })
})
