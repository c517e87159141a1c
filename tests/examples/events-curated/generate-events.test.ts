import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GeneratedRecord, generateEvents } from '../../../examples/events-curated/generate-events.ts'
import { compileDecoder } from '../../../formats/json/compile-decoder.ts'
import { event } from '../../simulation/event-contract.ts'

const options = { seed: 5, splits: 3 }
const share = (records: readonly GeneratedRecord[], name: string): number =>
  records.filter((record) => record.expected.class === name).length / records.length

test('the decoder judges every generated record as the generator says', () => {
  const decoder = compileDecoder(event)
  for (const record of generateEvents({ from: 0, to: 20_000 }, { ...options, violationShare: 0.1 })) {
    const { value, expected } = record
    if (value === null) {
      assert.equal(expected.class, 'tombstone')
      continue
    }
    const violation = decoder.append(value, 0, value.length)
    const text = new TextDecoder().decode(value)
    assert.equal(violation?.code, expected.class === 'violation' ? expected.code : undefined, text)
    if (expected.class !== 'valid' && expected.class !== 'filtered') continue
    const { columns, eventTimes } = decoder.finish()
    assert.equal(eventTimes?.[0], expected.event.event_ts, text)
    assert.equal(columns.length, 8)
    assert.equal(expected.event.amount_cents > 0, expected.class === 'valid', text)
  }
})

test('records can be generated in pieces', () => {
  const whole = generateEvents({ from: 0, to: 1000 }, options)
  const pieces = [0, 1, 334, 777].flatMap((from, index, starts) =>
    generateEvents({ from, to: starts[index + 1] ?? 1000 }, options),
  )
  assert.deepEqual(pieces, whole)
})

test('offsets of each split go up by one, in the order of the records', () => {
  for (const splits of [1, 2, 3, 8]) {
    const next = new Map<number, number>()
    for (const { split, offset } of generateEvents({ from: 0, to: 1000 }, { seed: 9, splits })) {
      assert.equal(offset, next.get(split) ?? 0)
      next.set(split, offset + 1)
    }
    assert.equal(next.size, splits)
  }
})

test('the shares are as asked for, and another seed gives other events', () => {
  const records = generateEvents(
    { from: 0, to: 50_000 },
    { ...options, tombstoneShare: 0.02, violationShare: 0.03, filteredShare: 0.1 },
  )
  assert.ok(Math.abs(share(records, 'tombstone') - 0.02) < 0.004)
  assert.ok(Math.abs(share(records, 'violation') - 0.03) < 0.005)
  assert.ok(Math.abs(share(records, 'filtered') - 0.095) < 0.01)
  const keys = records.flatMap(({ expected }) => (expected.class === 'valid' ? [expected.key] : []))
  const repeated = 1 - new Set(keys).size / keys.length
  assert.ok(repeated > 0.03 && repeated < 0.06, `${repeated} of the keys are repeated`)
  const others = generateEvents({ from: 0, to: 100 }, { seed: 6, splits: 3 })
  assert.notDeepEqual(others, records.slice(0, 100))
})

test('a duplicate has another payload and lies within three seconds of event time', () => {
  const first = new Map<string, number>()
  let crossings = 0
  const splits = new Map<string, number>()
  for (const { expected, split } of generateEvents({ from: 0, to: 20_000 }, options)) {
    if (expected.class !== 'valid') continue
    const { event_ts } = expected.event
    const known = first.get(expected.key)
    if (known !== undefined) {
      assert.ok(Math.abs(known - event_ts) <= 3000)
      assert.match(expected.event.note, /^sent again/)
      if (splits.get(expected.key) !== split) crossings++
    } else {
      first.set(expected.key, event_ts)
      splits.set(expected.key, split)
    }
  }
  assert.ok(crossings > 100, `${crossings} duplicates cross splits`)
})
