// hot path
import type { Schema } from '../../core/model/field-type.ts'
import { QUOTE } from './ascii.ts'

/** The names of a schema as UTF-8, to be compared with keys without making text of them. */
export class FieldNames {
  readonly #bytes: Uint8Array
  readonly #starts: Int32Array
  /** Open addressing: field index, or −1. */
  readonly #table: Int32Array

  constructor(schema: Schema) {
    const names = schema.fields.map((field) => new TextEncoder().encode(field.name))
    this.#starts = new Int32Array(names.length + 1)
    for (let i = 0; i < names.length; i++) this.#starts[i + 1] = this.#starts[i]! + names[i]!.length
    this.#bytes = new Uint8Array(this.#starts[names.length]!)
    for (let i = 0; i < names.length; i++) this.#bytes.set(names[i]!, this.#starts[i])
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(4 * names.length + 1))).fill(-1)
    for (let i = 0; i < names.length; i++) this.#table[this.#slot(names[i]!, 0, names[i]!.length)] = i
  }

  /** Whether the string that starts at `from`, behind its quote, is the name of `field`, byte by byte. */
  startsAt(field: number, bytes: Uint8Array, from: number): boolean {
    return bytes[from + this.lengthOf(field)] === QUOTE && this.#isPrefix(field, bytes, from)
  }

  lengthOf(field: number): number {
    return this.#starts[field + 1]! - this.#starts[field]!
  }

  /** The field that `bytes[start, end)` names, −1 where there is none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#table[this.#slot(bytes, start, end)]!
  }

  /** Where the name stands in the table, or the free slot where it would. */
  #slot(bytes: Uint8Array, start: number, end: number): number {
    const table = this.#table
    let hash = 0x811c9dc5
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    let slot = (hash ^ (hash >>> 15)) & (table.length - 1)
    while (table[slot] !== -1) {
      if (this.lengthOf(table[slot]!) === end - start && this.#isPrefix(table[slot]!, bytes, start)) break
      slot = (slot + 1) & (table.length - 1)
    }
    return slot
  }

  #isPrefix(field: number, bytes: Uint8Array, from: number): boolean {
    const names = this.#bytes
    const start = this.#starts[field]!
    const size = this.#starts[field + 1]! - start
    for (let i = 0; i < size; i++) if (names[start + i] !== bytes[from + i]) return false
    return true
  }
}
