// hot path
import type { Column } from '../../../core/model/column.ts'
import type { FieldType } from '../../../core/model/field-type.ts'

const INITIAL_SLOTS = 64
const NULL_ID = 0

/**
 * Numbers the distinct values of one column: equal values get equal ids, 0 is null. Compares bytes, so that no text and
 * no object is made per record.
 */
export class ValueInterner {
  /** Distinct values so far, null counted always. */
  count = 1
  #slots = new Int32Array(INITIAL_SLOTS)
  #hashes = new Int32Array(INITIAL_SLOTS)
  #starts = new Int32Array(INITIAL_SLOTS)
  #bytes = new Uint8Array(1024)
  #last = NULL_ID
  /** Bytes of the column at hand. */
  #source: Uint8Array = new Uint8Array(0)

  /** Sets `ids[i]` for the value in row `rows[i]` of `column`. */
  intern(column: Column, rows: Int32Array, ids: Int32Array): void {
    const { validity, offsets, values } = column
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.#source = bytes
    const width = bytesPerRow(column.type)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      if (validity !== null && ((validity[row >> 3]! >> (row & 7)) & 1) === 0) ids[i] = NULL_ID
      else if (offsets !== null) ids[i] = this.#idOf(offsets[row]!, offsets[row + 1]!)
      else if (width > 0) ids[i] = this.#idOf(row * width, row * width + width)
      else ids[i] = 1 + ((bytes[row >> 3]! >> (row & 7)) & 1)
    }
    if (width === 0 && offsets === null) this.count = 3
  }

  #idOf(start: number, end: number): number {
    // Streams come in runs: the value of the row before is the likeliest.
    if (this.#last !== NULL_ID && this.#isAt(this.#last, start, end)) return this.#last
    const source = this.#source
    let hash = end - start
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + source[i]!) | 0
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    let id = this.#slots[slot]!
    while (id !== 0) {
      if (this.#hashes[id] === hash && this.#isAt(id, start, end)) {
        this.#last = id
        return id
      }
      slot = (slot + 1) & mask
      id = this.#slots[slot]!
    }
    this.#last = this.#add(start, end, hash)
    this.#slots[slot] = this.#last
    if (2 * this.count > this.#slots.length) this.#grow()
    return this.#last
  }

  #isAt(id: number, start: number, end: number): boolean {
    const at = this.#starts[id]!
    const size = end - start
    if (this.#starts[id + 1]! - at !== size) return false
    const known = this.#bytes
    const source = this.#source
    for (let i = 0; i < size; i++) if (known[at + i] !== source[start + i]) return false
    return true
  }

  #add(start: number, end: number, hash: number): number {
    const id = this.count++
    const at = this.#starts[id]!
    const needed = at + end - start
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(this.#source.subarray(start, end), at)
    this.#starts[id + 1] = needed
    this.#hashes[id] = hash
    return id
  }

  #grow(): void {
    const size = 2 * this.#slots.length
    const hashes = new Int32Array(size)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    const starts = new Int32Array(size)
    starts.set(this.#starts)
    this.#starts = starts
    this.#slots = new Int32Array(size)
    for (let id = 1; id < this.count; id++) {
      let slot = hashes[id]! & (size - 1)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (size - 1)
      this.#slots[slot] = id
    }
  }
}

/** Bytes of one row in `values`; 0 for bits and for values of any length. */
function bytesPerRow(type: FieldType): number {
  switch (type.kind) {
    case 'string':
    case 'binary':
    case 'boolean':
      return 0
    case 'int32':
    case 'date':
      return 4
    case 'int64':
    case 'integer':
    case 'timestamp':
    case 'float64':
      return 8
    case 'decimal':
      return 16
  }
}
