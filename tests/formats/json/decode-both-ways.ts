import assert from 'node:assert/strict'
import { valueAt } from '../../../core/model/column.ts'
import { type Contract, contract, type Field } from '../../../core/model/contract.ts'
import type { FieldValue } from '../../../core/model/field-type.ts'
import { compileDecoder, type JsonDecoder, type Violation } from '../../../formats/json/compile-decoder.ts'
import type { Answer } from './reference-decoder.ts'

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Decodes one record that stands among others in a larger buffer. */
export function decode(decoder: JsonDecoder, record: Uint8Array): Answer {
  const buffer = Uint8Array.from([0x22, 0x7b, ...record, 0x7d, 0x22, 0x39])
  const rows = decoder.rows
  const violation = decoder.append(buffer, 2, 2 + record.length)
  assert.equal(decoder.rows, violation === undefined ? rows + 1 : rows)
  if (violation !== undefined) return { kind: 'violation', code: violation.code }
  const { columns } = decoder.finish()
  return { kind: 'values', values: columns.map((column) => valueAt(column, column.length - 1)) }
}

/** The same by `appendAll`, between two good records; what is refused is refused for the same reason, in the same words. */
export function decodeInRun(decoder: JsonDecoder, record: Uint8Array): Answer {
  const buffer = Uint8Array.from([...bytesOf('{"'), ...record, ...bytesOf('}"9,"id":1')])
  const violations: Violation[] = []
  const observer = {
    taken: (from: number, to: number) => assert.deepEqual([from, to], [0, 1]),
    refused: (index: number, violation: Violation) => {
      assert.equal(index, 0)
      violations.push(violation)
    },
  }
  const values = { buffer, starts: Int32Array.of(2), lengths: Int32Array.of(record.length) }
  decoder.appendAll(values, { from: 0, to: 1 }, observer)
  const { columns, rows } = decoder.finish()
  assert.equal(rows + violations.length, 1)
  const [violation] = violations
  if (violation !== undefined) {
    assert.deepEqual(decoder.append(buffer, 2, 2 + record.length), violation)
    return { kind: 'violation', code: violation.code }
  }
  return { kind: 'values', values: columns.map((column) => valueAt(column, 0)) }
}

export function one(type: Field<unknown>, source: string): FieldValue | string {
  const decoder = compileDecoder(contract('one', { f: type }))
  const record = bytesOf(`{"f":${source}}`)
  const answer = decode(decoder, record)
  assert.deepEqual(decodeInRun(decoder, record), answer)
  return answer.kind === 'violation' ? answer.code : answer.values[0]
}

export function codeOf(target: Contract<unknown>, text: string | Uint8Array): string | undefined {
  const bytes = typeof text === 'string' ? bytesOf(text) : text
  const decoder = compileDecoder(target)
  const answer = decodeInRun(decoder, bytes)
  const code = decoder.append(bytes, 0, bytes.length)?.code
  assert.equal(answer.kind === 'violation' ? answer.code : undefined, code)
  return code
}
