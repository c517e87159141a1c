// hot path
import type { ColumnBuilder } from '../../../core/model/column-builder.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import type { Schema } from '../../../core/model/field-type.ts'
import { growTo, type KernelMemory, newInstance } from '../../../core/model/kernel-instance.ts'
import { KERNEL_WASM } from './kernel.wasm.ts'
import * as layout from './memory-layout.ts'

/** Encoded values: value i is `buffer[starts[i], starts[i] + lengths[i])`. Starts ascend. */
export interface EncodedValues {
  readonly buffer: Uint8Array
  readonly starts: Int32Array
  readonly lengths: Int32Array
}

/** What assembly/decode.ts exports. */
interface Exports {
  readonly memory: KernelMemory
  setMemory(starts: number, lengths: number, scratch: number): void
  setLacking(list: number): void
  setFields(table: number, count: number, refusesUnknown: number): void
  decode(first: number, count: number, shift: number): number
  countLacking(): number
}

const NONE = new Int32Array(0)

/** The instance of this thread, how its memory is laid out, and whose run lies there. It keeps nothing from run to run. */
let exports: Exports | undefined
let laidOut: layout.MemoryLayout | undefined
let user: Kernel | undefined

/**
 * Reads runs of JSON records by WebAssembly, as long as they are simple: it accepts nothing that the decoder in TypeScript
 * would not, makes the same of it, and refuses nothing itself but what only lacks a field. Two calls belong together: `load`, then
 * `decode` for all of the run, without another kernel of this thread between them.
 */
export class Kernel {
  /**
   * Of the last `decode`: which of its records lack a field, from 0 on, and index of the first one that it lacks, two numbers each. Valid
   * until the next call.
   */
  lacking: Int32Array = NONE
  readonly #layout: layout.MemoryLayout
  /** Records of the run that were decoded or skipped. */
  #first = 0
  /** From the positions of values to their places in the memory of the kernel. */
  #shift = 0

  constructor(places: layout.MemoryLayout) {
    this.#layout = places
  }

  /** `undefined` where it is not made for such a contract. */
  static for(schema: Schema, refusesUnknown: boolean): Kernel | undefined {
    const places = layout.layOut(schema, refusesUnknown)
    return places === undefined ? undefined : new Kernel(places)
  }

  /** Takes a run of values from `from` on, at most up to `to`; returns its end, `from` where the first is too long. */
  load({ buffer, starts, lengths }: EncodedValues, from: number, to: number): number {
    const { memory } = this.#instance()
    const first = starts[from]!
    const most = Math.min(to, from + layout.RUN_RECORDS)
    let end = most
    while (end > from && starts[end - 1]! + lengths[end - 1]! - first > layout.RUN_BYTES) end--
    if (end === from) return from
    new Int32Array(memory.buffer, layout.STARTS_AT, end - from).set(starts.subarray(from, end))
    new Int32Array(memory.buffer, layout.LENGTHS_AT, end - from).set(lengths.subarray(from, end))
    this.#shift = layout.INPUT_AT - first
    const bytes = buffer.subarray(first, starts[end - 1]! + lengths[end - 1]!)
    new Uint8Array(memory.buffer, layout.INPUT_AT, bytes.length).set(bytes)
    this.#first = 0
    return end
  }

  /**
   * Does up to `count` records of the run: appends them, but those that only lack a field, which are in {@link lacking} then. Returns how
   * many it did: fewer where the next one is not simple.
   */
  decode(count: number, builders: readonly ColumnBuilder[]): number {
    if (exports === undefined || user !== this)
      throw new MillraceError('MR_INTERNAL', 'another decoder took the kernel in the midst of a run')
    const { memory, decode, countLacking } = exports
    const done = decode(this.#first, count, this.#shift)
    this.#first += done
    const lacking = countLacking()
    this.lacking = lacking === 0 ? NONE : new Int32Array(memory.buffer, layout.LACKING_AT, 2 * lacking)
    const rows = done - lacking
    if (rows === 0) return done
    const columns = layout.columnsOf(memory.buffer, this.#layout, rows)
    for (let i = 0; i < builders.length; i++) builders[i]!.appendColumn(columns[i]!)
    return done
  }

  /** Passes over the next record of the run. */
  skip(): void {
    this.#first++
  }

  #instance(): Exports {
    exports ??= newExports()
    user = this
    if (laidOut !== this.#layout) this.#layOut(exports)
    return exports
  }

  #layOut({ memory, setFields }: Exports): void {
    const { places, sizeBytes, refusesUnknown } = this.#layout
    growTo(memory, sizeBytes)
    layout.writeTable(memory.buffer, this.#layout)
    setFields(layout.TABLE_AT, places.length, refusesUnknown ? 1 : 0)
    laidOut = this.#layout
  }
}

function newExports(): Exports {
  const instance = newInstance<Exports>(KERNEL_WASM)
  instance.setMemory(layout.STARTS_AT, layout.LENGTHS_AT, layout.SCRATCH_AT)
  instance.setLacking(layout.LACKING_AT)
  return instance
}
