import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hashBytes } from '../../../core/model/key-hash.ts'
import type { StateBlock } from '../../../core/ports/operator.ts'
import type { KeyedValues } from '../../../core/state/keyed-values.ts'
import { type PaneLayout, PaneTable } from '../../../core/state/pane-table.ts'
import { merged, sealed } from './encode-block.ts'

const KEY_GROUPS = 4
const MOST_PANES = 6
/** Divided at once, in the midst, never. */
const LAYOUTS = [0, 7, Number.POSITIVE_INFINITY]

type Step =
  | { readonly kind: 'batch'; readonly records: readonly (readonly [start: number, key: number])[] }
  | { readonly kind: 'close'; readonly windows: number }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'restore'; readonly merge: boolean }

const records = fc.array(fc.tuple(fc.nat(MOST_PANES), fc.nat(40)), { maxLength: 30 })
const steps = fc.array<Step>(
  fc.oneof(
    { arbitrary: fc.record({ kind: fc.constant('batch' as const), records }), weight: 6 },
    { arbitrary: fc.record({ kind: fc.constant('close' as const), windows: fc.nat(3) }), weight: 1 },
    { arbitrary: fc.constant<Step>({ kind: 'snapshot' }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant('restore' as const), merge: fc.boolean() }), weight: 1 },
  ),
  { maxLength: 60, size: 'max' },
)

describe('PaneTable', () => {
  it('counts as a Map would, divided or not, in an order that snapshots, merges and restores do not change', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const [expected, ...outcomes] = LAYOUTS.map((mostUndivided) => outcomeOf(script, mostUndivided))
        for (const outcome of outcomes) assert.deepEqual(outcome, expected)
        assert.deepEqual(countsOf(expected!.results), mapOutcome(script))
        const quiet = script.filter(({ kind }) => kind === 'batch' || kind === 'close')
        assert.deepEqual(expected!.results, outcomeOf(quiet, 7).results)
      }),
    )
  })

  it('begins a window as the last one ended: divided where that was large, in one part where it was not', () => {
    const table = new PaneTable({ keyGroups: KEY_GROUPS, slots: 1, mostUndivided: 10 })
    const areDivided = [40, 40, 3, 3].map((keys, start) => {
      for (let key = 0; key < keys; key++) countIn(table, start, key)
      const wasDivided = table.paneAt(start).isDivided
      table.divideLarge()
      for (const pane of table.takeBefore(start + 1)) table.release(pane)
      return wasDivided
    })
    assert.deepEqual(areDivided, [false, true, true, false])
  })

  it('keeps what one pane took, not more, while windows follow each other', () => {
    const table = new PaneTable({ keyGroups: KEY_GROUPS, slots: 1, mostUndivided: 100 })
    const sizes = Array.from({ length: 20 }, (_, start) => {
      for (let key = 0; key < 1_000; key++) countIn(table, start, key)
      table.divideLarge()
      const size = table.sizeBytes
      for (const pane of table.takeBefore(start + 1)) table.release(pane)
      return size
    })
    assert.equal(sizes.at(-1), sizes[1])
  })
})

interface Outcome {
  /** `start key count`, in the order in which windows close. */
  readonly results: readonly string[]
  /** All blocks that were handed over, as they came. */
  readonly blocks: readonly string[]
}

function outcomeOf(script: readonly Step[], mostUndivided: number): Outcome {
  const run = new Run(mostUndivided)
  for (const step of script) run.take(step)
  run.close(Number.POSITIVE_INFINITY)
  return { results: run.results, blocks: run.blocks }
}

class Run implements Outcome {
  readonly results: string[] = []
  readonly blocks: string[] = []
  readonly #layout: PaneLayout
  #table: PaneTable
  #stored: readonly StateBlock[] = []
  #horizon = 0

  constructor(mostUndivided: number) {
    this.#layout = { keyGroups: KEY_GROUPS, slots: 1, mostUndivided }
    this.#table = new PaneTable(this.#layout)
  }

  take(step: Step): void {
    if (step.kind === 'batch') this.#count(step.records)
    else if (step.kind === 'close') this.close(this.#horizon + step.windows)
    else this.#store()
    if (step.kind === 'restore') this.#restore(step.merge)
  }

  close(horizon: number): void {
    this.#horizon = horizon
    for (const pane of this.#table.takeBefore(horizon)) {
      for (const { values, positions } of this.#table.inOrder(pane))
        for (const position of positions) this.results.push(`${pane.start} ${resultAt(values, position)}`)
      this.#table.release(pane)
    }
  }

  #count(records: readonly (readonly [start: number, key: number])[]): void {
    this.#table.divideLarge()
    for (const [start, key] of records) if (start >= this.#horizon) countIn(this.#table, start, key)
  }

  #store(): void {
    const snapshot = sealed(this.#table.snapshot())
    for (const { keyGroup, bytes } of snapshot) this.blocks.push(`${keyGroup} ${Buffer.from(bytes).toString('base64')}`)
    this.#stored = [...this.#stored, ...snapshot]
  }

  #restore(merge: boolean): void {
    if (merge) this.#stored = merged(this.#stored, this.#horizon)
    this.#table = new PaneTable(this.#layout)
    for (const block of this.#stored) this.#table.load(block, this.#horizon)
    assert.deepEqual(this.#table.snapshot(), [], 'what was restored has not changed')
  }
}

function resultAt(entries: KeyedValues, position: number): string {
  const { bytes, from } = entries.keyAt(position)
  return `${bytes[from]} ${entries.values[position]}`
}

function countIn(table: PaneTable, start: number, key: number): void {
  const bytes = Uint8Array.of(key)
  const words = new Int32Array(4)
  hashBytes(bytes, { out: words, at: 0, seed: 1 })
  const part = table.paneAt(start).partOf(words[0]!)
  const known = part.lookup(words, 0)
  if (known >= 0) part.touch(known)
  const position = known < 0 ? part.add(words, 0, { bytes, from: 0, to: 1 }) : known
  part.values[position] = known < 0 ? 1 : part.values[position]! + 1
}

function mapOutcome(script: readonly Step[]): Map<string, number> {
  const counts = new Map<string, number>()
  let horizon = 0
  for (const step of script) {
    if (step.kind === 'close') horizon += step.windows
    if (step.kind !== 'batch') continue
    const names = step.records.filter(([start]) => start >= horizon).map(([start, key]) => `${start} ${key}`)
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function countsOf(results: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const result of results) {
    const [start, key, count] = result.split(' ')
    assert.ok(!counts.has(`${start} ${key}`), `${result} came twice`)
    counts.set(`${start} ${key}`, Number(count))
  }
  return counts
}
