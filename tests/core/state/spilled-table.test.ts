import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hashBytes } from '../../../core/model/key-hash.ts'
import type { StateBlock } from '../../../core/ports/operator.ts'
import type { SpillChange } from '../../../core/ports/spill.ts'
import { decodeBlock } from '../../../core/state/block.ts'
import { FingerprintTable } from '../../../core/state/fingerprint-table.ts'
import { sealed } from './encode-block.ts'

const KEY_GROUPS = 2
const KEYS = 400
const FIRST_HASHED = 1_000
/** Small, so that key groups are of several parts. */
const LARGEST_PART = 32

/** Small keys have words that collide in part, so that order and filters are put to the test; others are hashed as always. */
function keyOf(key: number): Int32Array {
  if (key <= KEYS) return Int32Array.from([(key % 11) - 5, key % 3, key % 5, key - 200])
  const words = new Int32Array(4)
  hashBytes(new Uint8Array(Float64Array.of(key, key).buffer), { out: words, at: 0, seed: 1 })
  return words
}

/** A table beside the disk that it spills to. */
class Spilling {
  readonly pages = new Map<string, Uint8Array>()
  readonly table: FingerprintTable
  reads = 0

  constructor(largestPart?: number) {
    this.table = new FingerprintTable(KEY_GROUPS, 'unique', largestPart)
  }

  get runs(): number {
    return new Set([...this.pages.keys()].map((name) => name.slice(0, -5))).size
  }

  take({ write, forget }: SpillChange): void {
    for (const { name, bytes } of write) {
      assert.ok(!this.pages.has(name), `page ${name} was written twice`)
      this.pages.set(name, bytes.slice())
    }
    for (const name of forget) assert.ok(this.pages.delete(name), `page ${name} was forgotten twice`)
  }

  /** What `onBatch` of the operator would find for one key. */
  timeOf(key: number): number {
    const words = keyOf(key)
    this.provide(words, Int32Array.of(0))
    const part = this.table.partOf(words, 0)
    const position = part.lookup(words, 0)
    return position < 0 ? this.table.spilledTime(words, 0) : part.timeAt(position)
  }

  provide(keys: Int32Array, rows: Int32Array): void {
    const names = this.table.missing(keys, rows)
    this.reads += names.length
    if (names.length > 0) this.table.provide(this.read(names))
  }

  read(names: readonly string[]): readonly Uint8Array[] {
    return names.map((name) => {
      const bytes = this.pages.get(name)
      assert.ok(bytes, `page ${name} is not there`)
      return bytes
    })
  }

  merge(): void {
    const names = this.table.toMerge()
    if (names.length > 0) this.take(this.table.merge(this.read(names)))
  }

  put(key: number, time: number): void {
    const words = keyOf(key)
    this.table.put(words, 0, time)
  }
}

type Step =
  | { readonly kind: 'put'; readonly key: number; readonly later: number }
  | { readonly kind: 'advance'; readonly by: number }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'spill'; readonly share: number }
  | { readonly kind: 'merge' }
  | { readonly kind: 'restore'; readonly share: number }

const share = fc.double({ min: 0, max: 1, noNaN: true })
const steps = fc.array<Step>(
  fc.oneof(
    {
      arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.nat(KEYS), later: fc.nat(5) }),
      weight: 60,
    },
    { arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.nat(6) }), weight: 3 },
    { arbitrary: fc.constant({ kind: 'snapshot' as const }), weight: 3 },
    { arbitrary: fc.record({ kind: fc.constant('spill' as const), share }), weight: 4 },
    { arbitrary: fc.constant({ kind: 'merge' as const }), weight: 3 },
    { arbitrary: fc.record({ kind: fc.constant('restore' as const), share }), weight: 1 },
  ),
  { maxLength: 600, size: 'max' },
)

/** The same steps on a table that spills and on one that has room; times never go back, as in `deduplicate`. */
class Pair {
  spilling = new Spilling(LARGEST_PART)
  roomy = new FingerprintTable(KEY_GROUPS)
  readonly stored: StateBlock[] = []
  now = 0

  step(step: Step): void {
    switch (step.kind) {
      case 'put':
        this.#put(step.key, this.now + step.later)
        return
      case 'advance':
        this.now += step.by
        this.#forget()
        return
      case 'snapshot':
        this.#snapshot()
        return
      case 'spill':
        this.spilling.take(this.spilling.table.spill(step.share * this.spilling.table.sizeBytes))
        return
      case 'merge':
        this.spilling.merge()
        return
      case 'restore':
        this.#snapshot()
        this.#restore(step.share)
    }
  }

  check(key: number): void {
    const words = keyOf(key)
    const group = this.roomy.partOf(words, 0)
    const position = group.lookup(words, 0)
    const expected = position < 0 ? Number.NEGATIVE_INFINITY : group.timeAt(position)
    const actual = this.spilling.timeOf(key)
    if (expected >= this.#horizon) assert.equal(actual, expected, `key ${key}`)
    else assert.ok(actual < this.#horizon, `key ${key} is remembered with ${actual}`)
  }

  get #horizon(): number {
    return this.now - 40
  }

  #put(key: number, time: number): void {
    this.check(key)
    if (this.spilling.timeOf(key) >= time) return
    this.spilling.put(key, time)
    const words = keyOf(key)
    this.roomy.put(words, 0, time)
  }

  #forget(): void {
    this.spilling.table.dropBefore(this.#horizon)
    this.roomy.dropBefore(this.#horizon)
  }

  #snapshot(): void {
    const blocks = sealed(this.spilling.table.snapshot())
    const expected = sealed(this.roomy.snapshot())
    assert.deepEqual(this.#living(blocks), this.#living(expected), 'spilled state changes no checkpoint')
    this.stored.push(...blocks)
  }

  /** Key group, words and time of what is not too old; how key groups are divided decides in which order it comes. */
  #living(blocks: readonly StateBlock[]): readonly string[] {
    const living = blocks.flatMap(({ keyGroup, bytes }) => {
      const { words, times, count } = decodeBlock(bytes)
      return Array.from({ length: count }, (_, i) => ({ time: times[i]!, words: words.subarray(4 * i, 4 * i + 4) }))
        .filter(({ time }) => time >= this.#horizon)
        .map(({ time, words }) => `${keyGroup} ${words} ${time}`)
    })
    return living.sort()
  }

  #restore(part: number): void {
    this.spilling = new Spilling(LARGEST_PART)
    this.roomy = new FingerprintTable(KEY_GROUPS)
    for (const block of this.stored) {
      this.spilling.table.load(block)
      this.roomy.load(block)
      this.spilling.take(this.spilling.table.spill(part * this.spilling.table.sizeBytes))
    }
    this.#forget()
  }
}

/** A table of which so many keys are spilled in so many runs. */
function spilledTable(runs: number, keysPerRun: number): Spilling {
  const spilling = new Spilling()
  for (let run = 0; run < runs; run++) {
    for (let i = 0; i < keysPerRun; i++) spilling.put(FIRST_HASHED + run * keysPerRun + i, run)
    spilling.table.snapshot()
    spilling.take(spilling.table.spill(Number.POSITIVE_INFINITY))
  }
  return spilling
}

describe('FingerprintTable with spilled runs', () => {
  it('finds what a table with room finds, and hands over the same entries', () => {
    fc.assert(
      fc.property(steps, (run) => {
        const pair = new Pair()
        for (const step of run) pair.step(step)
        for (let key = 0; key <= KEYS; key++) pair.check(key)
      }),
      { numRuns: 200 },
    )
  })

  it('finds all keys of a batch at once, in pages that are read once', () => {
    const spilling = spilledTable(3, 5_000)
    const keys = new Int32Array(4 * 15_000)
    for (let key = 0; key < 15_000; key++) keys.set(keyOf(FIRST_HASHED + key), 4 * key)
    spilling.provide(
      keys,
      Int32Array.from({ length: 15_000 }, (_, row) => row),
    )
    for (let key = 0; key < 15_000; key++) {
      assert.equal(spilling.table.spilledTime(keys, 4 * key), Math.floor(key / 5_000))
    }
    assert.ok(spilling.reads <= spilling.pages.size, `${spilling.reads} reads of ${spilling.pages.size} pages`)
    spilling.table.endBatch()
    assert.equal(spilling.table.spilledTime(keys, 0), Number.NEGATIVE_INFINITY)
  })

  it('asks for no page where nothing is spilled, and seldom for keys that were never there', () => {
    const spilling = spilledTable(4, 20_000)
    const never = Array.from({ length: 20_000 }, (_, i) => 1_000_000 + i)
    assert.equal(new Spilling().timeOf(1), Number.NEGATIVE_INFINITY)
    const before = spilling.reads
    for (const key of never) assert.equal(spilling.timeOf(key), Number.NEGATIVE_INFINITY)
    const share = (spilling.reads - before) / never.length
    const runs = spilling.runs / KEY_GROUPS
    assert.ok(share < 0.005 * runs, `${share} pages per key, ${runs} runs`)
  })

  it('takes about two bytes of memory per spilled key', () => {
    const spilling = spilledTable(1, 200_000)
    const perKey = spilling.table.sizeBytes / 200_000
    assert.ok(perKey < 2, `${perKey} bytes`)
  })

  it('keeps few runs: small ones are merged, old ones go whole', () => {
    const spilling = new Spilling()
    for (let run = 0; run < 64; run++) {
      for (let i = 0; i < 500; i++) spilling.put(FIRST_HASHED + run * 500 + i, run)
      spilling.table.snapshot()
      spilling.take(spilling.table.spill(Number.POSITIVE_INFINITY))
      for (let i = 0; i < KEY_GROUPS; i++) spilling.merge()
    }
    assert.ok(spilling.runs <= 10 * KEY_GROUPS, `${spilling.runs} runs`)
    spilling.table.dropBefore(1_000)
    spilling.take(spilling.table.spill(0))
    assert.equal(spilling.pages.size, 0)
  })

  it('lets nothing leave memory that is in no snapshot', () => {
    const spilling = new Spilling()
    for (let key = 0; key < 1_000; key++) spilling.put(key, key)
    spilling.take(spilling.table.spill(Number.POSITIVE_INFINITY))
    assert.equal(spilling.pages.size, 0)
    spilling.table.snapshot()
    for (let key = 1_000; key < 1_100; key++) spilling.put(key, key)
    spilling.take(spilling.table.spill(Number.POSITIVE_INFINITY))
    assert.equal(
      spilling.table.snapshot().reduce((sum, { entries }) => sum + entries, 0),
      100,
    )
  })

  it('notices a page that is damaged, cut off, or in the place of another', () => {
    const spilling = spilledTable(1, 2_000)
    const words = keyOf(FIRST_HASHED + 7)
    const [name] = spilling.table.missing(words, Int32Array.of(0))
    const whole = spilling.pages.get(name!)!
    const other = [...spilling.pages.values()].find((bytes) => bytes !== whole)!
    const flipped = whole.slice()
    flipped[100]! ^= 4
    for (const bytes of [flipped, whole.slice(0, 1_000), new Uint8Array(0), other]) {
      spilling.table.missing(words, Int32Array.of(0))
      assert.throws(() => spilling.table.provide([bytes]), { code: 'MR_SPILL_CORRUPT', message: new RegExp(name!) })
    }
  })
})
