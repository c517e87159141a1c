import assert from 'node:assert/strict'
import { it } from 'node:test'
import { valueAt } from '../../../core/model/column.ts'
import { contract, decimal, float64, int64, integer, timestamp } from '../../../core/model/contract.ts'
import { compileDecoder } from '../../../formats/json/compile-decoder.ts'

const encoder = new TextEncoder()
const fields = { a: timestamp(), b: integer(), c: int64(), d: float64(), e: decimal(15, 3) }

/** What becomes of each value of one field: by runs, which the kernel takes, or one by one, which it does not. */
function outcomes(field: keyof typeof fields, values: readonly string[], inRuns: boolean): readonly string[] {
  const decoder = compileDecoder(contract('one', { [field]: fields[field] }))
  const records = values.map((value) => encoder.encode(`{"${field}":${value}}`))
  const refused = new Map<number, string>()
  if (inRuns) {
    const lengths = Int32Array.from(records, ({ length }) => length)
    const starts = new Int32Array(records.length)
    for (let i = 1; i < starts.length; i++) starts[i] = starts[i - 1]! + lengths[i - 1]!
    const observer = {
      taken: () => undefined,
      refused: (at: number, { message }: { readonly message: string }) => {
        refused.set(at, message)
      },
    }
    decoder.appendAll({ buffer: Buffer.concat(records), starts, lengths }, { from: 0, to: records.length }, observer)
  } else {
    for (const [at, record] of records.entries()) {
      const violation = decoder.append(record, 0, record.length)
      if (violation !== undefined) refused.set(at, violation.message)
    }
  }
  const { columns } = decoder.finish()
  let row = 0
  return values.map((value, at) => `${value}: ${refused.get(at) ?? String(valueAt(columns[0]!, row++))}`)
}

function compare(field: keyof typeof fields, values: readonly string[]): void {
  assert.deepEqual(outcomes(field, values, true), outcomes(field, values, false))
}

/** Printable ASCII but quote and backslash, which would make other JSON of it. */
const BYTES = Array.from({ length: 95 }, (_, byte) => String.fromCharCode(0x20 + byte)).filter(
  (byte) => !/["\\]/.test(byte),
)

/** The text with any byte in each place, and cut off there. */
function changed(text: string): readonly string[] {
  return [...text].flatMap((_, at) => {
    const start = text.slice(0, at)
    return [`"${start}"`, ...BYTES.map((byte) => `"${start}${byte}${text.slice(at + 1)}"`)]
  })
}

it('the kernel reads numbers of every length as the decoder in TypeScript does', () => {
  const numbers: string[] = []
  for (let digits = 1; digits <= 22; digits++) {
    for (const text of ['1234567890123456789012', '9999999999999999999999', '1000000000000000000000', '0'.repeat(22)]) {
      const whole = text.slice(0, digits)
      numbers.push(whole, `-${whole}`, `${whole}e1`, `${whole}x`, `${whole}.`)
      for (let point = 1; point < digits; point++) numbers.push(`${whole.slice(0, point)}.${whole.slice(point)}`)
    }
  }
  for (const field of ['a', 'b', 'c', 'd', 'e'] as const) compare(field, numbers)
})

it('and times with any byte in place of each of theirs', () => {
  const times = ['2024-02-29T23:59:59Z', '1969-12-31t00:00:00.1z', '2000-01-01T12:34:56.123456789+01:30'].flatMap(
    changed,
  )
  for (let digits = 0; digits <= 12; digits++) times.push(`"2024-02-29T23:59:59.${'987654321098'.slice(0, digits)}Z"`)
  compare('a', times)
})
