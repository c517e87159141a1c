import { blockKey } from '../../core/checkpoint/block-table.ts'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import type { FieldValue } from '../../core/model/field-type.ts'
import { KeyHasher } from '../../core/model/key.ts'
import { hashBytes } from '../../core/model/key-hash.ts'

/** Blocks of state by their keys, wherever they were found. */
export interface BlockReader {
  get(key: string): Uint8Array | undefined
}

/** Whether the id of an operator was derived from its name: by `<source>-<name>-<ordinal>`. */
export function isIdOf(name: string, id: string): boolean {
  return id.split('-').at(-2) === name
}

/** The blocks of the operators of one name that a marker names, oldest first; what is missing is told by its key. */
export function storedBlocks(
  state: BlockReader,
  { blocks }: Pick<EpochMarker, 'blocks'>,
  name: string,
): { readonly found: readonly Uint8Array[]; readonly missing: readonly string[] } {
  const keys = blocks
    .filter((block) => isIdOf(name, block.operator))
    .toSorted((a, b) => a.from - b.from)
    .map(blockKey)
  return {
    found: keys.flatMap((key) => state.get(key) ?? []),
    missing: keys.filter((key) => state.get(key) === undefined),
  }
}

/** The words of an entry's key as text. */
export function wordsText(words: Int32Array, entry: number): string {
  return words.subarray(4 * entry, 4 * entry + 4).join(',')
}

/** Tells under which words a key stands in the state of a pipeline, as {@link wordsText} does. */
export function keyWords({ hashSeed }: Pick<EpochMarker, 'hashSeed'>): (...key: readonly FieldValue[]) => string {
  const hasher = new KeyHasher({ kind: 'fields', names: [] }, hashSeed, { id: 'judge', splitOf: String })
  return (...key) => {
    const canonical = hasher.canonical(key)
    const words = new Int32Array(4)
    hashBytes(canonical, { out: words, at: 0, seed: hashSeed })
    return wordsText(words, 0)
  }
}
