import type { Column } from '../../../core/model/column.ts'
import { hasBytes, usedValues, wordsPerRow } from '../../../core/model/column-values.ts'
import type { FieldKind, Schema, SchemaField } from '../../../core/model/field-type.ts'
import { KIND_NUMBER } from '../kind-number.ts'

/** Records that one run may have, and bytes from the first to the end of the last. */
export const RUN_RECORDS = 1_024
export const RUN_BYTES = 262_144

/** The kernel marks the fields that a record had in one word of 64 bits. */
const MOST_FIELDS = 64
const MOST_NAME_BYTES = 1_024
/** More than is ever read or written behind an end: a name, the longest token of bounded size, and a chunk. */
const SLACK_BYTES = 2_048

/** Before it: zeros up to 1,024, as position 0 stands for "nowhere", then the constants of the kernel. */
export const STARTS_AT = 2_048
export const LENGTHS_AT = STARTS_AT + 4 * RUN_RECORDS
export const LACKING_AT = LENGTHS_AT + 4 * RUN_RECORDS
export const INPUT_AT = LACKING_AT + 8 * RUN_RECORDS
export const SCRATCH_AT = INPUT_AT + RUN_BYTES + SLACK_BYTES
export const TABLE_AT = SCRATCH_AT + RUN_BYTES + SLACK_BYTES

/** Words of an entry of the table, and their order, as in assembly/field.ts. */
const ENTRY_WORDS = 16
const FIRST_WORD = 11
const BIT_WORD = 12
const NAME_BITS_WORD = 14
const HAS_NULL_WORD = 7
const CHUNK_BYTES = 16

/** Names of other fields that the kernel remembers behind the table, each with an entry and memory. As in assembly/decode.ts. */
const MOST_OTHERS = 8
const OTHER_BYTES = 48

/** Where one field lies in the memory of the kernel. */
export interface Place {
  readonly field: SchemaField
  /** `"name":` as UTF-8. */
  readonly name: Uint8Array
  readonly nameAt: number
  readonly valuesAt: number
  readonly offsetsAt: number
  readonly validityAt: number
}

/** Where all fields of a contract lie, and how much memory that takes. */
export interface MemoryLayout {
  readonly places: readonly Place[]
  readonly refusesUnknown: boolean
  readonly sizeBytes: number
}

/** Decoders of one contract share its layout: when they take turns, each finds the table as it needs it. */
const layouts = new WeakMap<Schema, MemoryLayout>()

/** The layout for the fields of a contract; `undefined` where they are too many, too long, or of a kind for which the kernel has no reader. */
export function layOut(schema: Schema, refusesUnknown: boolean): MemoryLayout | undefined {
  const known = layouts.get(schema)
  if (known?.refusesUnknown === refusesUnknown) return known
  const layout = { ...placesFor(schema), refusesUnknown }
  const isFit = layout.places.every(({ field, name }) => field.type.kind !== 'binary' && name.length <= MOST_NAME_BYTES)
  if (!isFit || layout.places.length === 0 || layout.places.length > MOST_FIELDS) return undefined
  layouts.set(schema, layout)
  return layout
}

function placesFor({ fields }: Schema): Pick<MemoryLayout, 'places' | 'sizeBytes'> {
  const encoder = new TextEncoder()
  let end = TABLE_AT + 4 * ENTRY_WORDS * fields.length + (4 * ENTRY_WORDS + OTHER_BYTES) * MOST_OTHERS
  const take = (bytes: number): number => {
    const at = Math.ceil(end / CHUNK_BYTES) * CHUNK_BYTES
    end = at + bytes
    return at
  }
  const places = fields.map((field): Place => {
    const name = encoder.encode(`${JSON.stringify(field.name)}:`)
    return {
      field,
      name,
      nameAt: take(name.length + CHUNK_BYTES),
      valuesAt: take(
        hasBytes(field.type) ? RUN_BYTES + SLACK_BYTES : 4 * RUN_RECORDS * Math.max(1, wordsPerRow(field.type)),
      ),
      offsetsAt: take(4 * (RUN_RECORDS + 1)),
      validityAt: take(RUN_RECORDS / 8),
    }
  })
  return { places, sizeBytes: end }
}

function entryAt(index: number): number {
  return TABLE_AT + 4 * ENTRY_WORDS * index
}

/** Writes the table of fields and their names to the memory of the kernel. */
export function writeTable(memory: ArrayBuffer, { places }: MemoryLayout): void {
  const table = new Int32Array(memory, TABLE_AT, ENTRY_WORDS * places.length)
  table.fill(0)
  places.forEach(({ field, name, nameAt, valuesAt, offsetsAt, validityAt }, index) => {
    const { type, optional } = field
    const [scale, digits] = type.kind === 'decimal' ? [type.scale, Math.min(type.precision, 15)] : [0, 0]
    const follower = entryAt(index + 1 < places.length ? index + 1 : 0)
    const flags = [KIND_NUMBER[type.kind], optional ? 1 : 0]
    const entry = [...flags, nameAt, name.length, valuesAt, offsetsAt, validityAt, 0, follower, scale, digits]
    table.set(entry, ENTRY_WORDS * index)
    table[ENTRY_WORDS * index + BIT_WORD + (index >> 5)] = 1 << (index & 31)
    table[ENTRY_WORDS * index + NAME_BITS_WORD] = (1 << Math.min(name.length, CHUNK_BYTES)) - 1
    new Uint8Array(memory).set(name, nameAt)
    new Int32Array(memory)[offsetsAt / 4] = 0
  })
  table[FIRST_WORD] = entryAt(0)
}

/** The first `rows` rows of all fields as columns: views on the memory of the kernel, which the next run overwrites. */
export function columnsOf(memory: ArrayBuffer, { places }: MemoryLayout, rows: number): readonly Column[] {
  const table = new Int32Array(memory, TABLE_AT, ENTRY_WORDS * places.length)
  return places.map((place, index) => {
    const hasNull = ENTRY_WORDS * index + HAS_NULL_WORD
    const validity = table[hasNull] === 0 ? null : new Uint8Array(memory, place.validityAt, (rows + 7) >> 3)
    table[hasNull] = 0
    return columnAt(memory, place, { rows, validity })
  })
}

function columnAt(
  memory: ArrayBuffer,
  { field: { type }, valuesAt, offsetsAt }: Place,
  { rows, validity }: { readonly rows: number; readonly validity: Uint8Array | null },
): Column {
  const offsets = hasBytes(type) ? new Int32Array(memory, offsetsAt, rows + 1) : null
  const used = usedValues(type, rows, offsets === null ? 0 : offsets[rows]!)
  return { type, length: rows, validity, offsets, values: new (valuesArray(type.kind))(memory, valuesAt, used) }
}

function valuesArray(kind: FieldKind) {
  if (kind === 'string' || kind === 'boolean') return Uint8Array
  return kind === 'float64' ? Float64Array : Int32Array
}
