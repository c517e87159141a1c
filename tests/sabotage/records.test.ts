import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, describe, it } from 'node:test'
import type { LogRecord } from '../../connectors/log/index.ts'
import type { EncodableRecord } from '../../formats/record-batch/encode.ts'
import type { RunOutcome } from '../../platform/run.ts'
import {
  append,
  copyIds,
  enterNewDirectory,
  headerOf,
  NOON,
  order,
  recordOf,
  run,
  tableIds,
  textOf,
  topicRecords,
} from './scene.ts'

const HOUR_MS = 3_600_000
const huge = new Uint8Array(50 * 1_048_576).fill(0x20)
const badUtf8 = new TextEncoder().encode(order('bad-utf8'))
badUtf8[8] = 0xff

/** Values that nobody can decode, by the key of their record. */
const refused: readonly { readonly key: string; readonly value: string | Uint8Array; readonly code: string }[] = [
  { key: 'empty', value: '', code: 'MR_RECORD_JSON' },
  { key: 'truncated', value: order('truncated').slice(0, -5), code: 'MR_RECORD_JSON' },
  { key: 'array', value: '[1]', code: 'MR_RECORD_JSON' },
  { key: 'no number', value: order('nan').replace('100', 'NaN'), code: 'MR_RECORD_JSON' },
  { key: 'wrong type', value: order('type', { cents: 'many' }), code: 'MR_RECORD_TYPE' },
  { key: 'missing field', value: '{"id":"missing"}', code: 'MR_RECORD_MISSING_FIELD' },
  { key: 'named twice', value: order('twice').replace('{', '{"id":"first",'), code: 'MR_RECORD_DUPLICATE_KEY' },
  { key: 'beyond 64 bits', value: order('big').replace('100', '9223372036854775808'), code: 'MR_RECORD_RANGE' },
  { key: 'half a pair', value: order('x').replace('"x"', '"\\ud800"'), code: 'MR_RECORD_UTF8' },
  { key: 'no text', value: badUtf8, code: 'MR_RECORD_UTF8' },
  { key: 'too deep', value: order('deep').replace('{', `{"x":${'['.repeat(5_000)}`), code: 'MR_RECORD_NESTING' },
]

/** Records that look harmful and are not. */
const harmless = [
  recordOf(order('unknown-field', { colour: 'red' }), 'unknown field'),
  recordOf(order('proto').replace('{', '{"__proto__":{"id":"other"},"constructor":1,'), 'fields of every object'),
  recordOf(order('largest').replace('100', '9223372036854775807'), 'largest number'),
  recordOf(order('no-key')),
]

const header = { key: 'trace', value: new TextEncoder().encode('t-1') }

describe('a stream with records that break its contract', () => {
  let outcome: RunOutcome
  let letters: ReadonlyMap<string, LogRecord>

  before(async () => {
    enterNewDirectory()
    const records: readonly EncodableRecord[] = [
      recordOf(order('first')),
      ...refused.map(({ key, value }) => ({ ...recordOf(value, key), headers: [header] })),
      recordOf(huge, 'huge'),
      recordOf(null, 'tombstone'),
      ...harmless,
      recordOf(order('long-region', { region: 'x'.repeat(5_000) })),
      recordOf(order('last', { at: new Date(NOON + 10 * HOUR_MS).toISOString() })),
    ]
    await append('orders', records, { partitions: 1 })
    await run('everything')
    await append('orders', [recordOf(order('late', { note: 'too\u0000late' }), 'late')])
    outcome = await run('everything')
    letters = new Map((await topicRecords('orders.dlq')).map((letter) => [nameOf(letter), letter]))
  })

  for (const { key, value, code } of refused) {
    it(`has a dead letter with its bytes, key and headers, and goes on: ${key}`, () => {
      const letter = letters.get(key)
      assert.ok(letter !== undefined)
      assert.equal(headerOf(letter, '__millrace.errors.code'), code)
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
      assert.deepEqual([textOf(letter.key), letter.value], [key, bytes])
      assert.equal(headerOf(letter, 'trace'), 't-1')
      assert.equal(headerOf(letter, '__streams.errors.topic'), 'orders')
    })
  }

  it('keeps of a value of 50 MB the beginning, the size, the SHA-256 and the origin', () => {
    const letter = letters.get('huge')
    assert.ok(letter !== undefined)
    assert.equal(headerOf(letter, '__millrace.errors.code'), 'MR_RECORD_TOO_LARGE')
    assert.deepEqual(letter.value, huge.slice(0, 65_536))
    assert.equal(headerOf(letter, '__millrace.errors.size'), String(huge.length))
    assert.equal(headerOf(letter, '__millrace.errors.sha256'), createHash('sha256').update(huge).digest('hex'))
    assert.equal(headerOf(letter, '__streams.errors.offset'), String(refused.length + 1))
  })

  it('keeps a partition value that cannot be a directory out of the table only, encoded anew, with its origin', () => {
    const letter = [...letters.values()].find(
      (other) => headerOf(other, '__millrace.errors.code') === 'MR_RECORD_PARTITION_VALUE',
    )
    assert.ok(letter !== undefined)
    assert.equal(JSON.parse(textOf(letter.value)).id, 'long-region')
    assert.equal(headerOf(letter, '__streams.errors.offset'), String(refused.length + 3 + harmless.length))
  })

  it('tells a late record by its origin, encoded anew', () => {
    const letter = [...letters.values()].find((other) => headerOf(other, '__millrace.errors.code') === 'MR_RECORD_LATE')
    assert.ok(letter !== undefined)
    const { id, note } = JSON.parse(textOf(letter.value))
    assert.deepEqual([id, note], ['late', 'too\u0000late'])
    assert.equal(headerOf(letter, '__streams.errors.offset'), String(refused.length + 5 + harmless.length))
  })

  it('counts a tombstone, and loses none of the good records', async () => {
    assert.equal(outcome.ledger.splits['orders-0']?.tombstones, 1)
    assert.deepEqual(outcome.imbalances, [])
    const good = ['first', 'largest', 'last', 'no-key', 'proto', 'unknown-field']
    assert.deepEqual(await tableIds(), good)
    assert.deepEqual(await copyIds(), [...good, 'long-region'].sort())
    assert.equal(letters.size, refused.length + 3)
  })
})

/** Key of a record that was refused at its source; those of later stages have none and are named by their place. */
function nameOf(letter: LogRecord): string {
  return letter.key === null ? `${letter.partition}-${letter.offset}` : textOf(letter.key)
}
