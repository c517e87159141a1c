import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { valueAt } from '../../../core/model/column.ts'
import { type Contract, contract, integer, optional, string, timestamp } from '../../../core/model/contract.ts'
import type { FieldValue } from '../../../core/model/field-type.ts'
import { compileDecoder, type Violation } from '../../../formats/json/compile-decoder.ts'
import { bytesOf, codeOf, decode, decodeInRun } from './decode-both-ways.ts'
import { damagedRecord, dropping, recordText, refusing, simple, simpleRefusing } from './records.ts'
import { decodeReference } from './reference-decoder.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
/** How many times as many records as usual. */
const times = Number(process.env.TIMES ?? 1)

const agrees = (target: Contract<unknown>) => {
  const decoder = compileDecoder(target)
  return (record: Uint8Array): void => {
    const expected = decodeReference(target, record)
    assert.deepEqual(decode(decoder, record), expected)
    assert.deepEqual(decodeInRun(decoder, record), expected)
  }
}

describe(`the JSON decoder and the reference agree (SEED=${seed})`, () => {
  for (const [target, refusingTarget] of [
    [dropping, refusing],
    [simple, simpleRefusing],
  ] as const) {
    it(`on code and values of records with any member in any order, contract ${target.name}`, () => {
      const check = agrees(target)
      fc.assert(
        fc.property(recordText, (text) => check(bytesOf(text))),
        { seed, numRuns: 1500 * times },
      )
    })

    it(`where unknown fields are refused, contract ${target.name}`, () => {
      const check = agrees(refusingTarget)
      fc.assert(
        fc.property(recordText, (text) => check(bytesOf(text))),
        { seed, numRuns: 500 * times },
      )
    })

    it(`on records with a damaged byte, contract ${target.name}`, () => {
      const check = agrees(target)
      fc.assert(fc.property(damagedRecord, check), { seed, numRuns: 1500 * times })
    })
  }

  it('on records cut at every byte', () => {
    const check = agrees(simple)
    const cutEverywhere = (text: string) => {
      const bytes = bytesOf(text)
      for (let end = 0; end < bytes.length; end++) check(bytes.subarray(0, end))
    }
    fc.assert(fc.property(recordText, cutEverywhere), { seed, numRuns: 15 * times })
  })

  it('on batches in which good and bad records alternate', () => {
    const batch = fc.array(fc.oneof(recordText.map(bytesOf), damagedRecord), { minLength: 1, maxLength: 150 })
    const decoder = compileDecoder(dropping)
    const check = (records: readonly Uint8Array[]) => {
      const expected: (readonly FieldValue[])[] = []
      for (const record of records) {
        const answer = decodeReference(dropping, record)
        if (answer.kind === 'values') expected.push(answer.values)
        decoder.append(record, 0, record.length)
      }
      const { columns, rows } = decoder.finish()
      assert.deepEqual(
        Array.from({ length: rows }, (_, row) => columns.map((column) => valueAt(column, row))),
        expected,
      )
    }
    fc.assert(fc.property(batch, check), { seed, numRuns: 15 * times })
  })

  it('on runs in which good and bad records alternate', () => {
    const batch = fc.array(fc.oneof(recordText.map(bytesOf), damagedRecord), { minLength: 1, maxLength: 150 })
    const decoder = compileDecoder(simple)
    const check = (records: readonly Uint8Array[]) => {
      const lengths = Int32Array.from(records, (record) => record.length)
      const starts = new Int32Array(records.length)
      for (let i = 1; i < records.length; i++) starts[i] = starts[i - 1]! + lengths[i - 1]!
      const outcomes: (readonly FieldValue[] | string)[] = []
      const accepted: number[] = []
      const observer = {
        taken: (from: number, to: number) => {
          for (let i = from; i < to; i++) accepted.push(i)
        },
        refused: (index: number, { code }: Violation) => {
          outcomes[index] = code
        },
      }
      const values = { buffer: Buffer.concat(records), starts, lengths }
      decoder.appendAll(values, { from: 0, to: records.length }, observer)
      const { columns } = decoder.finish()
      accepted.forEach((index, row) => {
        outcomes[index] = columns.map((column) => valueAt(column, row))
      })
      const expected = records.map((record) => {
        const answer = decodeReference(simple, record)
        return answer.kind === 'values' ? answer.values : answer.code
      })
      assert.deepEqual(outcomes, expected)
    }
    fc.assert(fc.property(batch, check), { seed, numRuns: 30 * times })
  })

  it('on enough accepted records to mean something', () => {
    const sample = fc.sample(recordText, { seed, numRuns: 300 })
    const accepted = sample.filter((text) => decodeReference(dropping, bytesOf(text)).kind === 'values')
    assert.ok(accepted.length > 60, `${accepted.length} of ${sample.length}`)
    assert.ok(accepted.length < 270, `${accepted.length} of ${sample.length}`)
  })
})

describe('the JSON decoder', () => {
  it('gives event times in milliseconds where the contract names them', () => {
    const decoder = compileDecoder(contract('timed', { at: timestamp() }, { eventTime: 'at' }))
    const bytes = bytesOf('{"at":1700000000000.5}')
    decoder.append(bytes, 0, bytes.length)
    assert.deepEqual(decoder.finish().eventTimes, Float64Array.of(1700000000000.5))
    assert.equal(decoder.finish().rows, 0)
  })

  it('gives no event times where the contract names none', () => {
    assert.equal(compileDecoder(contract('plain', { id: string() })).finish().eventTimes, undefined)
  })

  it('names the field and what was expected, and shows at most 40 characters of the payload', () => {
    const decoder = compileDecoder(contract('order', { cents: integer() }))
    const bytes = bytesOf(`{"cents":"${'secret'.repeat(50)}"}`)
    const message = decoder.append(bytes, 0, bytes.length)?.message ?? ''
    assert.match(message, /"cents": expected a whole number/)
    assert.ok(message.length < 40 + 90, message)
  })

  it('keeps strings of every length apart', () => {
    const lengths = [...Array(140).keys(), 255, 256, 257, 5000]
    const texts = lengths.map((length) => 'abcdefghij'.repeat(500).slice(0, length))
    const decoder = compileDecoder(contract('texts', { id: string() }))
    const buffer = bytesOf(texts.map((text) => JSON.stringify({ id: text })).join(''))
    let at = 0
    for (const text of texts) {
      const end = at + text.length + 9
      assert.equal(decoder.append(buffer, at, end), undefined)
      at = end
    }
    const [column] = decoder.finish().columns
    assert.deepEqual(
      texts.map((_, row) => valueAt(column!, row)),
      texts,
    )
  })

  it('follows producers that change their order, leave fields out or add some', () => {
    const target = contract('order', { a: optional(integer()), b: optional(integer()), c: optional(integer()) })
    const lines = [
      '{"a":1,"b":2,"c":3}',
      '{"c":3,"a":1}',
      '{"x":0,"b":2,"x":0}',
      '{"b":2,"c":3,"a":1}',
      '{ }',
      '{"c" : 3}',
    ]
    const decoder = compileDecoder(target)
    for (const line of [...lines, ...lines.toReversed()]) {
      assert.deepEqual(decode(decoder, bytesOf(line)), decodeReference(target, bytesOf(line)))
      assert.deepEqual(decodeInRun(decoder, bytesOf(line)), decodeReference(target, bytesOf(line)))
    }
  })

  it('does not take a key that only looks like a field name with a quote in it', () => {
    const target = contract('odd', { 'a"b': optional(integer()) })
    assert.equal(codeOf(target, '{"a"b":1}'), 'MR_RECORD_JSON')
    assert.equal(codeOf(target, '{"a\\"b":1}'), undefined)
  })

  it('does not read beyond the end of the record', () => {
    const decoder = compileDecoder(contract('order', { cents: integer() }))
    const bytes = bytesOf('{"cents":12}34}')
    assert.equal(decoder.append(bytes, 0, 12), undefined)
    assert.equal(decoder.append(bytes, 0, 11)?.code, 'MR_RECORD_JSON')
    assert.equal(decoder.append(bytes, 0, 5)?.code, 'MR_RECORD_JSON')
  })
})
