import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { before, beforeEach, describe, it } from 'node:test'
import type { LogRecord } from '../../connectors/log/index.ts'
import { type BatchFrame, frameAt } from '../../formats/record-batch/decode.ts'
import type { RunOutcome } from '../../platform/run.ts'
import { repairCrc } from '../formats/record-batch/batches.ts'
import {
  append,
  codeOf,
  copyIds,
  enterNewDirectory,
  headerOf,
  NOON,
  recordOf,
  run,
  tableIds,
  textOf,
  topicRecords,
} from './scene.ts'

type Fields = Readonly<Record<string, unknown>>

function order(id: string, more: Fields = {}): Fields {
  return { id, parts: 1, at: NOON, ...more }
}

function appendOrders(orders: readonly Fields[], partition = 0): Promise<void> {
  const records = orders.map((fields) => recordOf(JSON.stringify(fields)))
  return append('orders', records, { partition })
}

/** Rejects with this code; the message has these words. */
function assertStops(running: Promise<unknown>, code: string, says: string): Promise<void> {
  return assert.rejects(running, (error: unknown) => {
    assert.equal(codeOf(error), code, String(error))
    assert.ok(String(error).includes(says), String(error))
    return true
  })
}

describe('fault 34: a record that a function of the pipeline cannot cope with', () => {
  beforeEach(() => enterNewDirectory())
  const steps = [
    { step: 'filter', says: 'cannot cope with this' },
    { step: 'map', says: 'cannot cope with this' },
    { step: 'value of map', says: 'field "parts": number 0.5 does not fit a field of type int32' },
    { step: 'select', says: 'cannot cope with this' },
    { step: 'key', says: 'cannot cope with this' },
    { step: 'value of key', says: 'a key must be text, number, bigint, boolean or bytes, not object' },
  ]
  for (const { step, says } of steps) {
    it(`stops the job with its place, and every record arrives once when the function is mended: ${step}`, async () => {
      const poisoned = `poison-step?step=${step}`
      await appendOrders([order('a'), order('b')])
      await run(poisoned)
      await appendOrders([order('c'), order('poison'), order('d')])
      await appendOrders([order('e')], 1)
      await assertStops(run(poisoned), 'MR_OPERATOR_FAILED', `operator "step" failed at orders-0, offset 3: ${says}`)
      for (const ids of [await tableIds(), await copyIds()]) assert.deepEqual(ids, ['a', 'b'])
      const { ledger, imbalances } = await run(`${poisoned}&mended`)
      assert.deepEqual(imbalances, [])
      assert.equal(ledger.splits['orders-0']?.emitted, 5)
      for (const ids of [await tableIds(), await copyIds()]) {
        assert.deepEqual(ids, ['a', 'b', 'c', 'd', 'e', 'poison'])
      }
      assert.deepEqual(await topicRecords('orders.dlq'), [])
    })
  }
})

describe('fault 34: a record that the contract or one sink does not take', () => {
  const partition = { stage: 'table', code: 'MR_RECORD_PARTITION_VALUE' }
  const encode = { stage: 'copy', code: 'MR_RECORD_RANGE' }
  const decode = { stage: 'source', code: 'MR_RECORD_RANGE' }
  const poison = [
    { ...partition, of: order('no text', { region: '' }) },
    { ...partition, of: order('word for null', { region: '__HIVE_DEFAULT_PARTITION__' }) },
    { ...partition, of: order('too long', { region: 'x'.repeat(250) }) },
    { ...partition, of: order('too long when escaped', { region: '/'.repeat(90) }) },
    { ...decode, of: order('no day', { due: '2026-02-30' }) },
    { ...decode, of: order('no such count', { parts: 2 ** 31 }) },
    { ...encode, of: order('infinite', { parts: 0 }) },
    { ...encode, of: order('not a number', { parts: -1 }) },
  ]
  /** Partition values that look harmful and are not. */
  const harmless = [
    ...['a/b', '..', '%2F', 'day=1', 'Zürich', 'nul\u0000', ' ', "'", 'x'.repeat(240)].map((region) =>
      order(`in ${region}`, { region }),
    ),
    ...['0000-01-01', '9999-12-31'].map((due) => order(`due ${due}`, { due })),
  ]
  let outcome: RunOutcome
  let letters: readonly LogRecord[]

  before(async () => {
    enterNewDirectory()
    await appendOrders([order('first'), ...poison.map(({ of }) => of), ...harmless])
    outcome = await run('poison-sink')
    letters = await topicRecords('orders.dlq')
  })

  for (const [index, { stage, code, of }] of poison.entries()) {
    it(`is a dead letter with stage, code and origin, from the source with its very bytes: ${of.id}`, () => {
      const letter = letters.find((one) => headerOf(one, '__streams.errors.offset') === String(index + 1))
      assert.ok(letter !== undefined)
      const headers = [
        '__millrace.errors.stage',
        '__millrace.errors.code',
        '__streams.errors.topic',
        '__streams.errors.partition',
      ]
      assert.deepEqual(
        headers.map((key) => headerOf(letter, key)),
        [stage, code, 'orders', '0'],
      )
      if (stage === 'source') assert.equal(textOf(letter.value), JSON.stringify(of))
      const { share: _, ...fields } = JSON.parse(textOf(letter.value))
      assert.deepEqual(fields, of)
    })
  }

  it('is kept out of that sink only, those before and after it arrive everywhere, and all of it adds up', async () => {
    const good = ['first', ...harmless.map(({ id }) => String(id))]
    const only = (stage: string) => poison.filter((one) => one.stage === stage).map(({ of }) => String(of.id))
    assert.deepEqual(await tableIds(), [...good, ...only('copy')].sort())
    assert.deepEqual(await copyIds(), [...good, ...only('table')].sort())
    assert.equal(letters.length, poison.length)
    assert.deepEqual(outcome.imbalances, [])
    assert.equal(outcome.ledger.splits['orders-0']?.rejected, only('source').length)
    const { table, copy } = outcome.ledger.sinks
    assert.deepEqual([table?.rejected, copy?.rejected], [only('table').length, only('copy').length])
  })
})

describe('fault 34: a batch of the log that cannot be read', () => {
  const SEGMENT = 'log/orders/0/00000000000000000000.log'
  const damages: Readonly<Record<string, (segment: Buffer, frame: BatchFrame) => void>> = {
    'its frame says another magic': (segment, { start }) => segment.writeInt8(1, start + 16),
    'its CRC is that of other bytes': (segment, { end }) => segment.writeInt8(~segment.readInt8(end - 1), end - 1),
    'its records cannot be inflated': (segment, { start, end }) => {
      segment.writeInt16BE(1, start + 21)
      repairCrc(segment.subarray(start, end))
    },
    'its records inflate to too much': (segment, { start, end }) => {
      // lz4 of more than the limit is larger than this batch, snappy says its size first.
      segment.writeInt16BE(2, start + 21)
      segment.set([0xff, 0xff, 0xff, 0xff, 0x07], start + 61)
      repairCrc(segment.subarray(start, end))
    },
  }
  for (const [what, damage] of Object.entries(damages)) {
    it(`stops the job at its place, and every record arrives once when the segment is mended: ${what}`, async () => {
      enterNewDirectory()
      for (const id of ['a', 'b', 'c']) await appendOrders([order(id)])
      const whole = readFileSync(SEGMENT)
      const damaged = Buffer.from(whole)
      const frame = frameAt(whole, frameAt(whole, 0)!.end)!
      damage(damaged, frame)
      writeFileSync(SEGMENT, damaged)
      await assertStops(run('poison-sink'), 'MR_LOG_CORRUPT', `${SEGMENT} at byte ${frame.start}: a batch is damaged`)
      writeFileSync(SEGMENT, whole)
      const { imbalances } = await run('poison-sink')
      assert.deepEqual(imbalances, [])
      for (const ids of [await tableIds(), await copyIds()]) assert.deepEqual(ids, ['a', 'b', 'c'])
    })
  }
})
