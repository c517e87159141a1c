import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hashBytes } from '../../../core/model/key-hash.ts'
import { decodeBlock } from '../../../core/state/block.ts'
import { FingerprintTable } from '../../../core/state/fingerprint-table.ts'
import { encodeBlock, sealed } from './encode-block.ts'

const KEY_GROUPS = 4
const KEYS = 500

const COLLIDING = 200

/** Some keys have words that collide in part, so that probing, tags and division are put to the test; the others are hashed as always. */
function keyOf(key: number): Int32Array {
  if (key <= COLLIDING) return Int32Array.from([key % 7, key % 3, key % 5, key])
  const words = new Int32Array(4)
  hashBytes(new Uint8Array(Float64Array.of(key).buffer), { out: words, at: 0, seed: 1 })
  return words
}

type Step =
  | { readonly kind: 'put'; readonly key: number; readonly time: number }
  | { readonly kind: 'drop'; readonly advance: number }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'restore' }

const put = fc.record({ kind: fc.constant('put' as const), key: fc.nat(KEYS), time: fc.nat(50) })
const drop = fc.record({ kind: fc.constant('drop' as const), advance: fc.nat(30) })
const snapshot = fc.constant<Step>({ kind: 'snapshot' })
const restore = fc.constant<Step>({ kind: 'restore' })
const steps = fc.array<Step>(
  fc.oneof(
    { arbitrary: put, weight: 40 },
    { arbitrary: drop, weight: 2 },
    { arbitrary: snapshot, weight: 1 },
    { arbitrary: restore, weight: 1 },
  ),
  { maxLength: 800, size: 'max' },
)
/** Parts that hold few, so that key groups are divided often, or as many as they do by default. */
const largestParts = fc.constantFrom(16, 48, undefined)

describe('FingerprintTable', () => {
  it('holds what a Map would, through growth, dropping, snapshots and restores', () => {
    fc.assert(fc.property(steps, largestParts, (run, largestPart) => compareWithMap(run, largestPart)))
  })

  it('keeps its memory in proportion to what lives while keys come and go', () => {
    const table = new FingerprintTable(1)
    for (let key = 0; key < 100_000; key++) {
      putTime(table, key, key)
      if (key % 10 === 0) table.dropBefore(key - 1_000)
    }
    assert.ok(table.size < 3_000, `${table.size} entries`)
    assert.ok(table.sizeBytes <= 32 * 8_192, `${table.sizeBytes} bytes`)
  })

  it('gives memory back after a burst', () => {
    const table = new FingerprintTable(1)
    for (let key = 0; key < 50_000; key++) putTime(table, key, key)
    for (let call = 0; call < 10; call++) table.dropBefore(50_000)
    assert.equal(table.size, 0)
    assert.ok(table.sizeBytes < 8_000, `${table.sizeBytes} bytes`)
  })

  it('rebuilds few entries in one call, as all keys grow old together, and all of them in time', () => {
    const table = new FingerprintTable(KEY_GROUPS)
    const keys = 200_000
    for (let key = 0; key < keys; key++) {
      const words = Int32Array.of(key, key, key, key)
      table.put(words, 0, key)
    }
    const sizes: number[] = [table.size]
    for (let call = 0; call < 40; call++) {
      table.dropBefore(0.6 * keys)
      sizes.push(table.size)
    }
    const rebuilt = sizes.slice(1).map((size, call) => sizes[call]! - size)
    assert.ok(Math.max(...rebuilt) < 24_576, `${Math.max(...rebuilt)} entries went in one call`)
    assert.equal(table.size, 0.4 * keys)
  })

  it('rebuilds few entries when it grows, however many there are, and takes no more memory for it', () => {
    const table = new FingerprintTable(1)
    let longest = 0
    for (let key = 0; key < 300_000; key++) {
      const before = table.sizeBytes
      putTime(table, 1_000 + key, key)
      longest = Math.max(longest, table.sizeBytes - before)
    }
    assert.ok(longest <= 30 * 12_288, `${longest} bytes came with one key`)
    assert.ok(table.sizeBytes < 64 * table.size, `${table.sizeBytes / table.size} bytes per key`)
  })

  it('finds every key of many after division, and after a restore in several blocks', () => {
    const table = new FingerprintTable(KEY_GROUPS)
    const stored: ReturnType<FingerprintTable['snapshot']> = []
    const keys = 120_000
    for (let key = 0; key < keys; key++) {
      putTime(table, 1_000 + key, key)
      if (key % 50_000 === 0) stored.push(...sealed(table.snapshot()))
    }
    for (let key = 0; key < keys; key += 7) putTime(table, 1_000 + key, keys + key)
    stored.push(...sealed(table.snapshot()))
    const expected = Array.from({ length: keys }, (_, key) => (key % 7 === 0 ? keys + key : key))
    for (const found of [table, restored(stored, Number.NEGATIVE_INFINITY, undefined)]) {
      assert.deepEqual(
        expected.map((_, key) => timeOf(found, 1_000 + key)),
        expected,
      )
      assert.equal(found.size, keys)
    }
  })

  it('hands over only what changed, in the order of key groups', () => {
    const table = new FingerprintTable(KEY_GROUPS)
    for (let key = 0; key < 20; key++) putTime(table, key, key)
    const first = table.snapshot()
    assert.deepEqual(
      first.map((block) => block.keyGroup),
      [0, 1, 2, 3],
    )
    assert.equal(
      first.reduce((sum, block) => sum + block.entries, 0),
      20,
    )
    assert.deepEqual(table.snapshot(), [])
    putTime(table, 5, 500)
    putTime(table, 5, 501)
    const [second, ...others] = sealed(table.snapshot())
    assert.deepEqual(others, [])
    assert.deepEqual(decodeBlock(second!.bytes), { words: keyOf(5), times: Float64Array.of(501), count: 1 })
  })

  it('makes room for all blocks of a key group with the first, and no more than they need', () => {
    const written = new FingerprintTable(1)
    const blocks = [0, 1, 2].flatMap((part) => {
      for (let key = 0; key < 1_000; key++) putTime(written, 300 + 1_000 * part + key, key)
      return sealed(written.snapshot())
    })
    const table = new FingerprintTable(1)
    const sizes = blocks.map((block, index) => {
      table.load(block, sizeOf(blocks.slice(index + 1)))
      return table.sizeBytes
    })
    assert.equal(table.size, 3_000)
    assert.deepEqual(sizes, [sizes[0], sizes[0], sizes[0]])
    assert.ok(sizes[0]! <= written.sizeBytes, `${sizes[0]} bytes, ${written.sizeBytes} before`)
  })

  it('rebuilds a group that was loaded as soon as half of it is old', () => {
    const written = new FingerprintTable(1)
    for (let key = 0; key < 2_000; key++) putTime(written, 300 + key, key)
    const table = new FingerprintTable(1)
    for (const block of sealed(written.snapshot())) table.load(block)
    table.dropBefore(1_200)
    assert.equal(table.size, 800)
  })

  it('refuses a key of another key group, or a group that does not exist', () => {
    const bytes = encodeBlock(keyOf(1), Float64Array.of(1), 1)
    const table = new FingerprintTable(KEY_GROUPS)
    assert.throws(() => table.load({ keyGroup: 2, bytes, entries: 1 }), { code: 'MR_STATE_CORRUPT' })
    assert.throws(() => table.load({ keyGroup: 9, bytes, entries: 1 }), { code: 'MR_STATE_CORRUPT' })
  })
})

function putTime(table: FingerprintTable, key: number, time: number): void {
  const words = keyOf(key)
  table.put(words, 0, time)
}

function timeOf(table: FingerprintTable, key: number): number | undefined {
  const words = keyOf(key)
  const part = table.partOf(words, 0)
  const position = part.lookup(words, 0)
  return position < 0 ? undefined : part.timeAt(position)
}

function compareWithMap(run: readonly Step[], largestPart: number | undefined): void {
  let table = new FingerprintTable(KEY_GROUPS, '', largestPart)
  const model = new Map<number, number>()
  const stored: ReturnType<FingerprintTable['snapshot']> = []
  let horizon = Number.NEGATIVE_INFINITY
  let now = 0
  for (const step of run) {
    if (step.kind === 'put') {
      const time = Math.max(now + step.time, model.get(step.key) ?? 0)
      putTime(table, step.key, time)
      model.set(step.key, time)
    } else if (step.kind === 'drop') {
      now += step.advance
      horizon = now
      table.dropBefore(horizon)
    } else {
      stored.push(...sealed(table.snapshot()))
      if (step.kind === 'restore') table = restored(stored, horizon, largestPart)
    }
  }
  for (let key = 0; key <= KEYS; key++) assertSame(timeOf(table, key), model.get(key), horizon)
}

function assertSame(actual: number | undefined, expected: number | undefined, horizon: number): void {
  if (expected !== undefined && expected >= horizon) assert.equal(actual, expected)
  else assert.ok(actual === undefined || actual < horizon)
}

function restored(
  stored: ReturnType<FingerprintTable['snapshot']>,
  horizon: number,
  largestPart: number | undefined,
): FingerprintTable {
  const table = new FingerprintTable(KEY_GROUPS, '', largestPart)
  for (const [index, block] of stored.entries()) {
    const following = stored.slice(index + 1).filter(({ keyGroup }) => keyGroup === block.keyGroup)
    table.load(block, sizeOf(following))
  }
  assert.deepEqual(table.snapshot(), [], 'what was loaded is no change')
  table.dropBefore(horizon)
  return table
}

function sizeOf(blocks: ReturnType<FingerprintTable['snapshot']>): number {
  return blocks.reduce((sum, { bytes }) => sum + bytes.length, 0)
}
