// hot path
import type { ColumnBuilder } from './column-builder.ts'
import { daysOf, unscaledOf } from './parse-value.ts'
import { utf8 } from './utf8.ts'

/** Appends the fields of a key, whose canonical bytes ({@link KeyHasher}) begin at `start`, to a builder each, in their order. */
export function appendKey(view: DataView, start: number, builders: readonly ColumnBuilder[]): void {
  let at = start
  for (let i = 0; i < builders.length; i++) at = appendField(view, at, builders[i]!)
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
      const start = at + 5
      const end = start + view.getUint32(at + 1, true)
      appendSpan(builder, view, { start, end })
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
function appendSpan(
  builder: ColumnBuilder,
  view: DataView,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  const { type } = builder
  // They were made of such a value.
  if (type.kind === 'date') builder.appendInt32(daysOf(textOf(view, start, end))!)
  else if (type.kind === 'decimal') {
    const { precision, scale } = type
    builder.appendDecimal(unscaledOf(textOf(view, start, end), precision, scale))
  } else builder.appendFrom(view, start, end)
}

function textOf(view: DataView, start: number, end: number): string {
  return utf8.decode(new Uint8Array(view.buffer, view.byteOffset + start, end - start))
}
