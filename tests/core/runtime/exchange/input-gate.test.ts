import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { NO_WATERMARK } from '../../../../core/model/control.ts'
import { type GateOutput, InputGate } from '../../../../core/runtime/exchange/input-gate.ts'
import type { GateMessage } from '../../../../core/runtime/exchange/peer-messages.ts'

const NO_SYSTEM = { eventTimes: new Float64Array(), splits: new Int32Array(), offsets: new Float64Array(), keys: null }

/** `rows` serves as a name. */
const records = (from: number, rows: number): GateMessage => ({
  kind: 'records',
  exchange: 'x',
  from,
  columns: [],
  rows,
  system: NO_SYSTEM,
})
const watermark = (from: number, time: number): GateMessage => ({ kind: 'watermark', exchange: 'x', from, time })
const barrier = (from: number, epoch: number): GateMessage => ({ kind: 'barrier', exchange: 'x', from, epoch })

function textOf(output: GateOutput): string {
  if (output.kind === 'records') return `${output.message.from}:${output.message.rows}`
  return output.kind === 'watermark' ? `watermark ${output.time}` : `barrier ${output.epoch}`
}

function outputsOf(gate: InputGate): string[] {
  const outputs: string[] = []
  for (let output = gate.next(); output !== undefined; output = gate.next()) outputs.push(textOf(output))
  return outputs
}

/** Offers all messages first, then takes everything out. */
function pass(gate: InputGate, ...messages: readonly GateMessage[]): string[] {
  for (const message of messages) gate.offer(message)
  return outputsOf(gate)
}

describe('InputGate', () => {
  it('holds back an input that reached the barrier until all have', () => {
    const gate = new InputGate('x', 2, NO_WATERMARK)
    assert.deepEqual(pass(gate, records(0, 1), barrier(0, 1), records(0, 2)), ['0:1'])
    assert.deepEqual(pass(gate, records(1, 3)), ['1:3'])
    assert.deepEqual(pass(gate, barrier(1, 1)), ['barrier 1', '0:2'])
  })

  it('lets the lowest watermark of all inputs through, once it rises', () => {
    const gate = new InputGate('x', 2, NO_WATERMARK)
    assert.deepEqual(pass(gate, watermark(0, 10)), [])
    assert.deepEqual(pass(gate, watermark(1, 5)), ['watermark 5'])
    assert.deepEqual(pass(gate, watermark(1, 20)), ['watermark 10'])
    assert.deepEqual(pass(gate, watermark(1, 30)), [])
    assert.equal(gate.watermark, 10)
  })

  it('never goes back behind the watermark of the checkpoint, nor behind its own', () => {
    const gate = new InputGate('x', 1, 100)
    assert.deepEqual(pass(gate, watermark(0, 50)), [])
    assert.equal(gate.watermark, 100)
    assert.deepEqual(pass(gate, watermark(0, 120)), ['watermark 120'])
    assert.deepEqual(pass(gate, watermark(0, 110)), [])
    assert.equal(gate.watermark, 120)
  })

  it('is not held back by an input that never has anything to read', () => {
    const gate = new InputGate('x', 2, NO_WATERMARK)
    assert.deepEqual(pass(gate, watermark(0, Number.POSITIVE_INFINITY), watermark(1, 7)), ['watermark 7'])
  })

  it('stays in time for splits that come later where no input has anything to read', () => {
    const gate = new InputGate('x', 2, 3)
    pass(gate, watermark(0, Number.POSITIVE_INFINITY), watermark(1, Number.POSITIVE_INFINITY))
    assert.equal(gate.watermark, 3)
  })

  it('serves its inputs in turn, so that a busy one starves nobody', () => {
    const gate = new InputGate('x', 2, NO_WATERMARK)
    const messages = [records(0, 1), records(0, 2), records(0, 3), records(1, 1), records(1, 2)]
    assert.deepEqual(pass(gate, ...messages), ['0:1', '1:1', '0:2', '1:2', '0:3'])
  })

  it('keeps only the newest of many watermarks that wait behind a barrier', () => {
    const gate = new InputGate('x', 2, NO_WATERMARK)
    pass(gate, barrier(0, 1), watermark(1, 1000))
    for (let time = 0; time < 500; time++) gate.offer(watermark(0, time))
    assert.deepEqual(pass(gate, barrier(1, 1)), ['barrier 1', 'watermark 499'])
  })

  it('refuses barriers of different epochs that meet', () => {
    const gate = new InputGate('x', 2, NO_WATERMARK)
    assert.throws(() => pass(gate, barrier(0, 1), barrier(1, 2)), { code: 'MR_EXCHANGE_PROTOCOL', message: /"x"/ })
  })

  it('refuses a sender that it does not have', () => {
    const gate = new InputGate('x', 2, NO_WATERMARK)
    assert.throws(() => gate.offer(records(2, 1)), { code: 'MR_EXCHANGE_PROTOCOL' })
  })

  it('gives the same barriers with exactly the records before them, however the senders interleave', () => {
    fc.assert(fc.property(scripts, fc.array(fc.nat(), { maxLength: 300 }), checkInterleaving))
  })
})

/** Per sender and epoch: what it sends before the barrier. Numbers are rows; negative ones are watermarks. */
const scripts = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 })).chain(([senders, epochs]) => {
  const element = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: -9, max: -1 }))
  const exactly = (length: number) => ({ minLength: length, maxLength: length })
  return fc.array(fc.array(fc.array(element, { maxLength: 4 }), exactly(epochs)), exactly(senders))
})

function checkInterleaving(script: readonly (readonly (readonly number[])[])[], picks: readonly number[]): void {
  const gate = new InputGate('x', script.length, NO_WATERMARK)
  const queues = script.map((epochs, from) => messagesOf(epochs, from))
  const outputs: string[] = []
  for (let turn = 0; queues.some((queue) => queue.length > 0); turn++) {
    const waiting = queues.filter((queue) => queue.length > 0)
    gate.offer(waiting[(picks[turn] ?? turn) % waiting.length]!.shift()!)
    if ((picks[turn] ?? 0) % 3 > 0) outputs.push(...outputsOf(gate))
  }
  outputs.push(...outputsOf(gate))
  checkOutputs(script, outputs)
}

function messagesOf(epochs: readonly (readonly number[])[], from: number): GateMessage[] {
  const clock = { time: 0 }
  return epochs.flatMap((elements, index) => [
    ...elements.map((element) => {
      if (element > 0) return records(from, element)
      clock.time -= element
      return watermark(from, clock.time)
    }),
    barrier(from, index + 1),
  ])
}

function checkOutputs(script: readonly (readonly (readonly number[])[])[], outputs: readonly string[]): void {
  const epochs = script[0]!.length
  let rest = outputs
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const end = rest.indexOf(`barrier ${epoch}`)
    assert.ok(end >= 0, `barrier ${epoch} came`)
    for (const [from, elements] of script.entries()) {
      const expected = elements[epoch - 1]!.filter((element) => element > 0).map((rows) => `${from}:${rows}`)
      assert.deepEqual(
        rest.slice(0, end).filter((text) => text.startsWith(`${from}:`)),
        expected,
      )
    }
    rest = rest.slice(end + 1)
  }
  assert.deepEqual(rest, [])
  const times = outputs.filter((text) => text.startsWith('watermark')).map((text) => Number(text.split(' ')[1]))
  assert.deepEqual(
    times,
    [...new Set(times)].sort((a, b) => a - b),
  )
}
