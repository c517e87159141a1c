import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ExactTable } from '../../../core/state/exact-table.ts'
import type { KeySpan } from '../../../core/state/key-span.ts'
import { mergeBlocks } from '../../../core/state/merge-blocks.ts'
import { sealed } from './encode-block.ts'

const KEY_GROUPS = 4

/** Hashes that many keys share. */
const hashOf = (key: number): Int32Array => Int32Array.of(key % 5, 0, key % 3, 0)

/** Bytes of different lengths, in the midst of others. */
function bytesOf(key: number): KeySpan {
  const text = new TextEncoder().encode(`..${'k'.repeat(key % 4)}${key}..`)
  return { bytes: text, from: 2, to: text.length - 2 }
}

type Step =
  | { readonly kind: 'put'; readonly key: number; readonly time: number }
  | { readonly kind: 'drop'; readonly advance: number }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'restore'; readonly merge: boolean }

const put = fc.record({ kind: fc.constant('put' as const), key: fc.nat(120), time: fc.nat(50) })
const steps = fc.array<Step>(
  fc.oneof(
    { arbitrary: put, weight: 40 },
    { arbitrary: fc.record({ kind: fc.constant('drop' as const), advance: fc.nat(30) }), weight: 2 },
    { arbitrary: fc.constant<Step>({ kind: 'snapshot' }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant('restore' as const), merge: fc.boolean() }), weight: 1 },
  ),
  { maxLength: 400, size: 'max' },
)

describe('ExactTable', () => {
  it('holds what a Map would although hashes collide, through growth, forgetting, snapshots, merges and restores', () => {
    fc.assert(fc.property(steps, compareWithMap))
  })

  it('keeps its memory in proportion to what lives while keys come and go', () => {
    const table = new ExactTable(1)
    for (let key = 0; key < 50_000; key++) {
      putTime(table, { key, words: Int32Array.of(key, key, key, key), time: key })
      if (key % 10 === 0) table.dropBefore(key - 1_000)
    }
    assert.ok(table.size < 3_000, `${table.size} entries`)
    assert.ok(table.sizeBytes < 3_000 * 100, `${table.sizeBytes} bytes`)
  })

  it('gives memory back after a burst', () => {
    const table = new ExactTable(1)
    for (let key = 0; key < 20_000; key++) putTime(table, { key, words: Int32Array.of(key, key, key, key), time: key })
    table.dropBefore(20_000)
    assert.equal(table.size, 0)
    assert.ok(table.sizeBytes < 2_000, `${table.sizeBytes} bytes`)
  })

  it('refuses a key of another key group, and a block of another kind', () => {
    const table = new ExactTable(KEY_GROUPS)
    putTime(table, { key: 1, words: hashOf(1), time: 1 })
    const [block] = sealed(table.snapshot())
    assert.ok(block)
    assert.throws(() => new ExactTable(KEY_GROUPS).load({ ...block, keyGroup: 2 }), { code: 'MR_STATE_CORRUPT' })
    const other = mergeBlocks([], 0)
    const [bytes] = sealed([{ keyGroup: 0, bytes: other, entries: 0 }]).map((empty) => empty.bytes)
    assert.throws(() => table.load({ keyGroup: 0, bytes: bytes!, entries: 0 }), { code: 'MR_STATE_CORRUPT' })
  })
})

function compareWithMap(run: readonly Step[]): void {
  const pair = new Pair()
  for (const step of run) {
    if (step.kind === 'put') pair.put(step.key, step.time)
    else if (step.kind === 'drop') pair.drop(step.advance)
    else pair.store()
    if (step.kind === 'restore') pair.restore(step.merge)
  }
  for (let key = 0; key <= 120; key++) pair.check(key)
}

/** A table, what is stored of it, and the map that it is compared with. */
class Pair {
  #table = new ExactTable(KEY_GROUPS)
  readonly #blocks = new Map<number, readonly Uint8Array[]>()
  readonly #expected = new Map<number, number>()
  #horizon = 0

  /** Times of a key never go back. */
  put(key: number, drawn: number): void {
    const time = Math.max(drawn, this.#horizon, this.#expected.get(key) ?? 0)
    this.#expected.set(key, time)
    putTime(this.#table, { key, words: hashOf(key), time })
  }

  drop(horizon: number): void {
    this.#horizon = Math.max(horizon, this.#horizon)
    this.#table.dropBefore(this.#horizon)
  }

  store(): void {
    for (const { keyGroup, bytes } of sealed(this.#table.snapshot()))
      this.#blocks.set(keyGroup, [...(this.#blocks.get(keyGroup) ?? []), bytes])
  }

  restore(isMerged: boolean): void {
    this.#table = new ExactTable(KEY_GROUPS)
    for (const [keyGroup, found] of this.#blocks) {
      const blocks = isMerged ? [sealedMerge(found, this.#horizon)] : found
      this.#blocks.set(keyGroup, blocks)
      for (const bytes of blocks) this.#table.load({ keyGroup, bytes, entries: 0 })
    }
    this.#table.dropBefore(this.#horizon)
  }

  check(key: number): void {
    const expected = this.#expected.get(key) ?? Number.NEGATIVE_INFINITY
    const group = this.#table.groupOf(hashOf(key), 0)
    const position = group.find(hashOf(key), 0, bytesOf(key))
    const found = position < 0 ? Number.NEGATIVE_INFINITY : group.timeAt(position)
    if (expected >= this.#horizon) assert.equal(found, expected)
    else assert.ok(found < this.#horizon)
  }
}

function sealedMerge(found: readonly Uint8Array[], horizon: number): Uint8Array {
  const bytes = mergeBlocks(found, horizon)
  sealed([{ keyGroup: 0, bytes, entries: 0 }])
  return bytes
}

function putTime(
  table: ExactTable,
  { key, words, time }: { readonly key: number; readonly words: Int32Array; readonly time: number },
): void {
  const group = table.groupOf(words, 0)
  const position = group.find(words, 0, bytesOf(key))
  if (position < 0) group.add(words, 0, { key: bytesOf(key), time })
  else group.setTime(position, time)
}
