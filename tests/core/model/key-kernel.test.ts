import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { Batch } from '../../../core/model/batch.ts'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'
import type { FieldType } from '../../../core/model/field-type.ts'
import { KeyHasher } from '../../../core/model/key.ts'

type Append = (builder: ColumnBuilder) => void

/** A field that a key may have, with what a value is appended by. */
interface Kind {
  readonly type: FieldType
  readonly value: fc.Arbitrary<Append>
}

const bytes = (arbitrary: fc.Arbitrary<Uint8Array>) =>
  arbitrary.map(
    (value): Append =>
      (builder) =>
        builder.appendBytes(value, 0, value.length),
  )
const text = fc.oneof(
  { weight: 20, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  fc.string({ minLength: 300, maxLength: 400 }),
)
const wide = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 2 ** 53, -(2 ** 53)))
const double = fc.oneof(fc.double(), fc.constantFrom(-0, 0, Number.NaN))
const words = fc.tuple(fc.integer(), fc.integer())

const KINDS: readonly Kind[] = [
  { type: { kind: 'string' }, value: bytes(text.map((value) => new TextEncoder().encode(value))) },
  { type: { kind: 'binary' }, value: bytes(fc.uint8Array({ maxLength: 40 })) },
  { type: { kind: 'integer' }, value: wide.map((value) => (builder) => builder.appendWide(value)) },
  { type: { kind: 'timestamp' }, value: wide.map((value) => (builder) => builder.appendWide(value)) },
  {
    type: { kind: 'int64' },
    value: words.map(
      ([low, high]) =>
        (builder) =>
          builder.appendWords(low, high),
    ),
  },
  { type: { kind: 'int32' }, value: fc.integer().map((value) => (builder) => builder.appendInt32(value)) },
  { type: { kind: 'float64' }, value: double.map((value) => (builder) => builder.appendFloat64(value)) },
  { type: { kind: 'boolean' }, value: fc.boolean().map((value) => (builder) => builder.appendBoolean(value)) },
]

/** Not known to the kernel: such a key goes the other way. */
const DATE: Kind = {
  type: { kind: 'date' },
  value: fc.integer({ min: -9999, max: 9999 }).map((value) => (builder) => builder.appendInt32(value)),
}

const ROWS = { minLength: 24, maxLength: 60 } as const

const batches = fc.array(fc.constantFrom(...KINDS, DATE), { minLength: 1, maxLength: 4 }).chain((kinds) => {
  const row = fc.tuple(...kinds.map(({ value }) => fc.option(value, { nil: undefined, freq: 6 })))
  return fc.tuple(fc.array(row, ROWS), fc.infiniteStream(fc.nat(9))).map(([rows, dice]) => {
    const selection = Int32Array.from(rows.keys()).filter(() => dice.next().value !== 0)
    return batchOf(kinds, rows, selection.length === rows.length ? null : selection)
  })
})

function batchOf(kinds: readonly Kind[], rows: readonly (Append | undefined)[][], selection: Int32Array | null): Batch {
  const columns = kinds.map(({ type }, at) => {
    const builder = new ColumnBuilder(type)
    for (const row of rows) {
      if (row[at] === undefined) builder.appendNull()
      else row[at](builder)
    }
    return builder.finish()
  })
  const schema = { fields: kinds.map(({ type }, at) => ({ name: `f${at}`, type, optional: true })) }
  const count = rows.length
  const system = {
    eventTimes: new Float64Array(count),
    splits: new Int32Array(count),
    offsets: new Float64Array(count),
    keys: null,
  }
  return new Batch({ schema: schema as never, columns, rows: count, selection, system })
}

function hasherOf(batch: Batch, seed: number): KeyHasher {
  const names = batch.schema.fields.map(({ name }) => name)
  return new KeyHasher({ kind: 'fields', names }, seed, { id: 'key', splitOf: String })
}

/** Row by row: so few keys never go through the kernel. */
function oneByOne(batch: Batch, seed: number): readonly string[] {
  const hasher = hasherOf(batch, seed)
  return Array.from(batch.selectedRows(), (row) => hashAt(hasher.hash(batch.select(Int32Array.of(row))), row))
}

function allAtOnce(batch: Batch, seed: number): readonly string[] {
  const hashes = hasherOf(batch, seed).hash(batch)
  return Array.from(batch.selectedRows(), (row) => hashAt(hashes, row))
}

function hashAt(hashes: Int32Array, row: number): string {
  return hashes.subarray(4 * row, 4 * row + 4).join(' ')
}

it('keys of all types hash as they do one by one, with missing values and rows that are not alive', () => {
  fc.assert(
    fc.property(batches, fc.integer(), (batch, seed) => {
      assert.deepEqual(allAtOnce(batch, seed), oneByOne(batch, seed))
    }),
  )
})

it('so do keys of texts that are too much for the kernel', () => {
  const long = new Uint8Array(40_000).fill(0x61)
  const rows = Array.from({ length: 30 }, (_, row): Append[] => [(b) => b.appendBytes(long, 0, long.length - row)])
  const batch = batchOf([KINDS[0]!], rows, null)
  assert.deepEqual(allAtOnce(batch, 1), oneByOne(batch, 1))
})

it('what is no number has one hash, however it came about', () => {
  const nans = [0x7ff8_0000_0000_0000n, 0xfff8_0000_0000_0000n, 0x7ff0_0000_0000_0001n, 0x7fff_ffff_ffff_ffffn]
  const values = new Float64Array(BigUint64Array.from({ length: 32 }, (_, row) => nans[row % nans.length]!).buffer)
  const column = { type: { kind: 'float64' as const }, length: 32, validity: null, offsets: null, values }
  const { schema, system } = batchOf(
    [KINDS[6]!],
    Array.from({ length: 32 }, () => [undefined]),
    null,
  )
  const batch = new Batch({ schema, columns: [column], rows: 32, selection: null, system })
  assert.equal(new Set([...allAtOnce(batch, 1), ...oneByOne(batch, 1)]).size, 1)
})

it('columns that begin in the midst of their bytes are read from there', () => {
  const kinds = [KINDS[0]!]
  const rows = Array.from({ length: 60 }, (_, row): Append[] => {
    const value = new TextEncoder().encode(`key ${row}`.repeat(1 + (row % 5)))
    return [(builder) => builder.appendBytes(value, 0, value.length)]
  })
  const whole = batchOf(kinds, rows, null)
  const [column] = whole.columns
  const cut = { ...column!, length: 40, offsets: column!.offsets!.subarray(20) }
  const { schema, system } = whole
  const batch = new Batch({ schema, columns: [cut], rows: 40, selection: null, system })
  assert.deepEqual(allAtOnce(batch, 5), allAtOnce(whole, 5).slice(20))
})
