import type { ColumnBuilder } from './column-builder.ts'
import { daysOf, unscaledOf } from './parse-value.ts'

const decoder = new TextDecoder()

/** Appends the fields of a key, given as its canonical bytes ({@link KeyHasher}), to a builder each, in their order. */
export function appendKey(bytes: Uint8Array, builders: readonly ColumnBuilder[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  for (const builder of builders) at = appendField(view, at, builder)
}

/** Where the next field begins. */
function appendField(view: DataView, at: number, builder: ColumnBuilder): number {
  const tag = view.getUint8(at)
  switch (tag) {
    case 0:
      builder.appendNull()
      return at + 1
    case 2:
      appendNumber(builder, view.getFloat64(at + 1, true))
      return at + 9
    case 3:
      builder.appendWords(view.getInt32(at + 1, true), view.getInt32(at + 5, true))
      return at + 9
    case 4:
    case 5:
      builder.appendBoolean(tag === 5)
      return at + 1
    default: {
      const end = at + 5 + view.getUint32(at + 1, true)
      appendSpan(builder, new Uint8Array(view.buffer, view.byteOffset + at + 5, end - at - 5))
      return end
    }
  }
}

function appendNumber(builder: ColumnBuilder, value: number): void {
  switch (builder.type.kind) {
    case 'int32':
      builder.appendInt32(value)
      return
    case 'float64':
      builder.appendFloat64(value)
      return
    case 'timestamp':
      builder.appendWide(Math.round(value * 1000))
      return
    default:
      builder.appendWide(value)
  }
}

/** Text of a string, a day or a decimal, or plain bytes. */
function appendSpan(builder: ColumnBuilder, bytes: Uint8Array): void {
  const { type } = builder
  // They were made of such a value.
  if (type.kind === 'date') builder.appendInt32(daysOf(decoder.decode(bytes))!)
  else if (type.kind === 'decimal') builder.appendDecimal(unscaledOf(decoder.decode(bytes), type.precision, type.scale))
  else builder.appendBytes(bytes, 0, bytes.length)
}
