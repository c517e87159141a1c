// hot path
import type { Batch } from '../../../core/model/batch.ts'
import { partitionDirectory, partitionValue } from './partition-path.ts'
import { ValueInterner } from './value-interner.ts'

/** Where the records with one combination of partition values go. */
export type PartitionTarget =
  | { readonly kind: 'directory'; readonly directory: string; readonly values: Readonly<Record<string, string | null>> }
  | { readonly kind: 'refused'; readonly why: string }

/** Ids of one column stay below this, so that a pair of ids is an exact double. */
const PAIR_BASE = 2 ** 26

/**
 * Numbers the combinations of partition values, 0 upwards in order of appearance. What a combination means is worked
 * out once, when it appears; per record there are only comparisons of bytes and numbers.
 */
export class PartitionRouter {
  readonly targets: PartitionTarget[] = []
  readonly #names: readonly string[]
  readonly #columns: readonly number[]
  readonly #interners: readonly ValueInterner[]
  readonly #pairs: readonly Map<number, number>[]
  #valueIds = new Int32Array(0)

  /** `columns` are the positions of the partition fields `names` in the batches. */
  constructor(names: readonly string[], columns: readonly number[]) {
    this.#names = names
    this.#columns = columns
    this.#interners = columns.map(() => new ValueInterner())
    this.#pairs = columns.map(() => new Map())
  }

  /** Sets `ids[i]` to the number of the combination in row `rows[i]`; its target stands in `targets`. */
  route(batch: Batch, rows: Int32Array, ids: Int32Array): void {
    ids.fill(0, 0, rows.length)
    if (this.#valueIds.length < rows.length) this.#valueIds = new Int32Array(2 * rows.length)
    const valueIds = this.#valueIds
    for (let level = 0; level < this.#columns.length; level++) {
      this.#interners[level]!.intern(batch.columns[this.#columns[level]!]!, rows, valueIds)
      this.#fold(this.#pairs[level]!, valueIds, ids)
    }
    // Combinations are numbered in order of appearance, so a new one has the next number when its first row comes by.
    for (let i = 0; i < rows.length; i++)
      if (ids[i] === this.targets.length) this.targets.push(this.#targetOf(batch, rows[i]!))
  }

  /** Numbers the pairs (combination so far, value): `ids` becomes the combinations one column longer. */
  #fold(pairs: Map<number, number>, valueIds: Int32Array, ids: Int32Array): void {
    let lastPair = -1
    let lastId = -1
    for (let i = 0; i < ids.length; i++) {
      const pair = ids[i]! * PAIR_BASE + valueIds[i]!
      if (pair !== lastPair) {
        lastPair = pair
        const known = pairs.get(pair)
        lastId = known ?? pairs.size
        if (known === undefined) pairs.set(pair, lastId)
      }
      ids[i] = lastId
    }
  }

  #targetOf(batch: Batch, row: number): PartitionTarget {
    const values: Record<string, string | null> = {}
    const texts: (string | null)[] = []
    for (const [level, name] of this.#names.entries()) {
      const value = partitionValue(batch.columns[this.#columns[level]!]!, row)
      if (value.kind === 'refused') return { kind: 'refused', why: `field "${name}": ${value.why}` }
      texts.push(value.text)
      values[name] = value.text
    }
    const directory = partitionDirectory(this.#names, texts)
    if (directory.kind === 'refused') return directory
    return { kind: 'directory', directory: directory.text ?? '', values }
  }
}
