// hot path
import type { Schema } from '../../core/model/field-type.ts'
import type { Scanner } from './scan.ts'

/** The names of a schema as UTF-8, to be compared with keys without making text of them. */
export class FieldNames {
  readonly #names: readonly Uint8Array[]
  /** The JSON text `"name":` of every field, padded with zeros to whole words, and where each starts. */
  readonly #words: Int32Array
  readonly #starts: Int32Array
  /** Bytes of `"name":`, and which bits of its last word count. */
  readonly #sizes: Int32Array
  readonly #masks: Int32Array
  /** Open addressing: field index, or −1. */
  readonly #table: Int32Array

  constructor(schema: Schema) {
    const encoder = new TextEncoder()
    const members = schema.fields.map((field) => encoder.encode(`${JSON.stringify(field.name)}:`))
    this.#names = schema.fields.map((field) => encoder.encode(field.name))
    this.#sizes = Int32Array.from(members, (member) => member.length)
    this.#starts = new Int32Array(members.length + 1)
    for (let i = 0; i < members.length; i++) this.#starts[i + 1] = this.#starts[i]! + ((members[i]!.length + 3) >> 2)
    this.#words = new Int32Array(this.#starts[members.length]!)
    const view = new DataView(this.#words.buffer)
    members.forEach((member, i) => {
      new Uint8Array(view.buffer).set(member, 4 * this.#starts[i]!)
      for (let word = this.#starts[i]!; word < this.#starts[i + 1]!; word++)
        this.#words[word] = view.getInt32(4 * word, true)
    })
    this.#masks = Int32Array.from(members, (member) => -1 >>> (8 * (-member.length & 3)))
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(4 * members.length + 1))).fill(-1)
    for (let i = 0; i < members.length; i++) this.#table[this.#slot(this.#names[i]!, 0, this.#names[i]!.length)] = i
  }

  /** Position after `"name":` of `field` where exactly that stands at `at`, else −1. */
  afterMember(field: number, scanner: Scanner, at: number): number {
    const view = scanner.view
    const last = this.#starts[field + 1]! - 1
    const first = this.#starts[field]!
    const next = at + this.#sizes[field]!
    if (next > scanner.end || at + 4 * (last + 1 - first) > view.byteLength) return -1
    let from = at
    for (let word = first; word < last; word++) {
      if (view.getInt32(from, true) !== this.#words[word]) return -1
      from += 4
    }
    return (view.getInt32(from, true) & this.#masks[field]!) === this.#words[last] ? next : -1
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
      const name = this.#names[table[slot]!]!
      if (name.length === end - start && isPrefix(name, bytes, start)) break
      slot = (slot + 1) & (table.length - 1)
    }
    return slot
  }
}

function isPrefix(name: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false
  return true
}
