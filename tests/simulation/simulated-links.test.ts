import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkPair } from './simulated-links.ts'
import { Simulation } from './simulation-scheduler.ts'

interface Numbered {
  readonly number: number
  readonly bytes?: Uint8Array
}

test('messages of one direction arrive in order, also those sent before there was a receiver', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const simulation = new Simulation(seed)
    const [a, b] = [simulation.incarnation('a'), simulation.incarnation('b')]
    const [left, right] = linkPair<Numbered, Numbered>({ a, b, name: 'l' })
    const seen: number[] = []
    for (let number = 0; number < 5; number++) left.send({ number })
    await simulation.run(() => false, 10)
    right.onMessage((message) => seen.push(message.number))
    for (let number = 5; number < 10; number++) left.send({ number })
    assert.equal(await simulation.run(() => seen.length === 10, 100), 'done')
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], `seed ${seed}`)
  }
})

test('a message is a copy, and a transferred buffer is gone at its sender', async () => {
  const simulation = new Simulation(1)
  const [a, b] = [simulation.incarnation('a'), simulation.incarnation('b')]
  const [left, right] = linkPair<Numbered, Numbered>({ a, b, name: 'l' })
  const seen: Numbered[] = []
  right.onMessage((message) => seen.push(message))
  const bytes = Uint8Array.of(1, 2, 3)
  const sent = { number: 1, bytes }
  left.send(sent, [bytes.buffer])
  assert.equal(bytes.length, 0)
  sent.number = 2
  await simulation.run(() => seen.length === 1, 10)
  assert.deepEqual(seen, [{ number: 1, bytes: Uint8Array.of(1, 2, 3) }])
  assert.throws(() => left.send({ number: 3 }, [bytes.buffer as ArrayBuffer]), { name: 'DataCloneError' })
})

test('nothing arrives after close, nor at or from the dead', async () => {
  const simulation = new Simulation(1)
  const [a, b, c] = ['a', 'b', 'c'].map((name) => simulation.incarnation(name))
  const seen: string[] = []
  const [left, right] = linkPair<string, string>({ a: a!, b: b!, name: 'closed' })
  left.onMessage((message) => seen.push(message))
  right.send('late')
  left.close()
  const [from, to] = linkPair<string, string>({ a: a!, b: c!, name: 'dead' })
  from.onMessage((message) => seen.push(message))
  to.onMessage((message) => seen.push(message))
  from.send('to the dead')
  c!.crash()
  to.send('from the dead')
  assert.equal(await simulation.run(() => false, 20), 'stuck')
  assert.deepEqual(seen, [])
})
