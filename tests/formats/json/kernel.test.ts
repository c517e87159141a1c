import assert from 'node:assert/strict'
import { it } from 'node:test'
import { contract, string } from '../../../core/model/contract.ts'
import { compileDecoder } from '../../../formats/json/compile-decoder.ts'

it('decoders of one thread take turns with the kernel', () => {
  const contracts = ['a', 'b'].map((name) => contract(name, { [name]: string() }))
  const decoders = contracts.map((each) => compileDecoder(each))
  const values = (name: string, text: string) => {
    const buffer = new TextEncoder().encode(JSON.stringify({ [name]: text }))
    return { buffer, starts: Int32Array.of(0), lengths: Int32Array.of(buffer.length) }
  }
  const observer = { taken: () => {}, refused: () => assert.fail('it is as the contract wants it') }
  for (const text of ['one', 'two']) {
    decoders.forEach((decoder, i) => {
      decoder.appendAll(values(contracts[i]!.name, text), { from: 0, to: 1 }, observer)
    })
  }
  for (const decoder of decoders) {
    const [column] = decoder.finish().columns
    assert.equal(new TextDecoder().decode(column!.values as Uint8Array), 'onetwo')
  }
})

it('a record longer than a run goes the long way', () => {
  const decoder = compileDecoder(contract('long', { text: string() }))
  const records = [10, 300_000, 20].map((size) => new TextEncoder().encode(`{"text":"${'x'.repeat(size)}"}`))
  const lengths = Int32Array.from(records, ({ length }) => length)
  const starts = Int32Array.of(0, lengths[0]!, lengths[0]! + lengths[1]!)
  const observer = { taken: () => {}, refused: () => assert.fail('it is as the contract wants it') }
  decoder.appendAll({ buffer: Buffer.concat(records), starts, lengths }, { from: 0, to: 3 }, observer)
  const [column] = decoder.finish().columns
  assert.deepEqual(column!.offsets, Int32Array.of(0, 10, 300_010, 300_030))
})
