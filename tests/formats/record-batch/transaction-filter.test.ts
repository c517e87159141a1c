import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeRecordBatch } from '../../../formats/record-batch/decode.ts'
import { encodeRecordBatch, type RecordBatchInput } from '../../../formats/record-batch/encode.ts'
import { stampTransactional } from '../../../formats/record-batch/stamp-producer.ts'
import { type AbortedTransaction, TransactionFilter } from '../../../formats/record-batch/transaction-filter.ts'
import { LIMITS } from './batches.ts'

/** One step of a producer: records of its open transaction, plain records, or the end of the transaction. */
interface Step {
  readonly producer: number
  readonly kind: 'records' | 'plain' | 'commit' | 'abort'
  readonly count: number
}

/** A batch of a log, whether its transaction was aborted in the end, and where that began. */
interface Logged {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly producerId: bigint
  readonly isMarker: boolean
  isAborted: boolean
  readonly transactionStart: number
}

const PRODUCERS = 4
const arbitrarySteps = fc.array(
  fc.record({
    producer: fc.integer({ min: 0, max: PRODUCERS - 1 }),
    kind: fc.constantFrom('records', 'records', 'plain', 'commit', 'abort'),
    count: fc.integer({ min: 1, max: 4 }),
  }) as fc.Arbitrary<Step>,
  { minLength: 1, maxLength: 40 },
)

/** A key of four zero bytes looks like an abort marker to a careless reader. */
const record = { timestamp: 1, key: new Uint8Array(4), value: new Uint8Array(2), headers: [] }

/** What a broker's log holds after these steps; every transaction has ended. */
function logOf(steps: readonly Step[]): readonly Logged[] {
  const log: Logged[] = []
  const open = new Map<number, Logged[]>()
  const append = (
    producer: number,
    batch: Pick<RecordBatchInput, 'records' | 'isTransactional' | 'isControl'>,
  ): Logged => {
    const start = log.at(-1)?.end ?? 0
    const producerId = BigInt(100 + producer)
    const bytes = encodeRecordBatch({ ...batch, baseOffset: start, codec: 'none', producerId })
    const transactionStart = open.get(producer)?.[0]?.start ?? start
    const isMarker = batch.isControl === true
    const end = start + batch.records.length
    const logged = { bytes, start, end, producerId, isMarker, isAborted: false, transactionStart }
    log.push(logged)
    return logged
  }
  const end = (producer: number, kind: 'commit' | 'abort'): void => {
    const batches = open.get(producer)
    if (batches === undefined) return
    append(producer, { records: [markerOf(kind)], isTransactional: true, isControl: true })
    open.delete(producer)
    if (kind === 'abort') for (const batch of batches) batch.isAborted = true
  }
  for (const { producer, kind, count } of steps) {
    const records = Array.from({ length: count }, () => record)
    if (kind === 'plain') append(producer, { records })
    else if (kind !== 'records') end(producer, kind)
    else open.set(producer, [...(open.get(producer) ?? []), append(producer, { records, isTransactional: true })])
  }
  for (const producer of [...open.keys()]) end(producer, producer % 2 === 0 ? 'abort' : 'commit')
  return log
}

function markerOf(kind: 'commit' | 'abort') {
  return { timestamp: 1, key: Uint8Array.of(0, 0, 0, kind === 'abort' ? 0 : 1), value: new Uint8Array(6), headers: [] }
}

/** As a broker answers a fetch from batch `from` on: aborted transactions that overlap, in any order. */
function abortedFrom(log: readonly Logged[], from: number): AbortedTransaction[] {
  const found = new Map<string, AbortedTransaction>()
  for (const [index, { producerId, isAborted, transactionStart }] of log.entries()) {
    if (isAborted && index >= from)
      found.set(`${producerId}/${transactionStart}`, { producerId, firstOffset: transactionStart })
  }
  // The marker alone may be in the range.
  for (const { producerId, isMarker, transactionStart } of log.slice(from)) {
    const isAborted = log.some(
      (other) => other.isAborted && other.transactionStart === transactionStart && other.producerId === producerId,
    )
    if (isMarker && isAborted)
      found.set(`${producerId}/${transactionStart}`, { producerId, firstOffset: transactionStart })
  }
  return [...found.values()]
}

describe('TransactionFilter', () => {
  it('hides exactly the batches of aborted transactions and the markers, from whatever batch the fetch begins', () => {
    fc.assert(
      fc.property(arbitrarySteps, fc.nat(), fc.boolean(), (steps, start, isReversed) => {
        const log = logOf(steps)
        const from = log.length === 0 ? 0 : start % log.length
        const aborted = abortedFrom(log, from)
        const filter = new TransactionFilter(isReversed ? aborted.reverse() : aborted)
        for (const { bytes, start: baseOffset, end, isMarker, isAborted } of log.slice(from)) {
          const seen = filter.visible(decodeRecordBatch(bytes, 0, LIMITS))
          assert.equal(seen.count, isMarker || isAborted ? 0 : end - baseOffset)
          assert.equal(seen.baseOffset, baseOffset)
          assert.equal(seen.nextOffset, end)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('stampTransactional', () => {
  it('makes a batch part of a transaction and leaves its records as they are', () => {
    const plain = { baseOffset: 5, records: [record, record], codec: 'lz4' } as const
    const batch = encodeRecordBatch(plain)
    stampTransactional(batch, { producerId: 7n, producerEpoch: 3, baseSequence: 9 })
    const whole = encodeRecordBatch({
      ...plain,
      producerId: 7n,
      producerEpoch: 3,
      baseSequence: 9,
      isTransactional: true,
    })
    assert.deepEqual(batch, whole)
  })
})
