import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteStore } from '../../core/ports/byte-store.ts'
import { SimulatedBytes } from './simulated-bytes.ts'
import { Simulation } from './simulation-scheduler.ts'

const put = (key: string, value: number) => ({ kind: 'put', key, value: Uint8Array.of(value) }) as const

const finish = <T>(simulation: Simulation, work: Promise<T>): Promise<T> => simulation.finish(work)

test('a power loss keeps synced batches and a prefix of the later ones, each whole', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const simulation = new Simulation(seed)
    const bytes = new SimulatedBytes(simulation)
    const process = simulation.incarnation('process')
    const store = await finish(simulation, bytes.open(process))
    await finish(simulation, store.write([put('a', 1)], { sync: false }))
    await finish(simulation, store.write([put('b', 1)], { sync: true }))
    await finish(simulation, store.write([put('c1', 1), put('c2', 1)], { sync: false }))
    await finish(simulation, store.write([put('d1', 1), put('d2', 1)], { sync: false }))
    simulation.crash([process], 'power')
    seen.add(bytes.keys.join(' '))
  }
  assert.deepEqual([...seen].sort(), ['a b', 'a b c1 c2', 'a b c1 c2 d1 d2'])
})

test('a write under way at a crash is there whole or not at all', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const simulation = new Simulation(seed)
    const bytes = new SimulatedBytes(simulation)
    const process = simulation.incarnation('process')
    const store = await finish(simulation, bytes.open(process))
    store.write([put('a', 1), put('b', 1)], { sync: true }).then(() => assert.fail('answered after the crash'))
    simulation.crash([process])
    await simulation.run(() => false, 10)
    seen.add(bytes.keys.join(' '))
  }
  assert.deepEqual([...seen].sort(), ['', 'a b'])
})

test('one owner at a time; close and death make room', async () => {
  const simulation = new Simulation(1)
  const bytes = new SimulatedBytes(simulation)
  const [first, second] = [simulation.incarnation('first'), simulation.incarnation('second')]
  const store = await finish(simulation, bytes.open(first))
  await assert.rejects(finish(simulation, bytes.open(second)), { code: 'MR_STATE_LOCKED' })
  await finish(simulation, store.close())
  await assert.rejects(finish(simulation, store.get('a')), { code: 'MR_STATE_IO' })
  await finish(simulation, bytes.open(second))
  simulation.crash([second], 'process')
  await finish(simulation, bytes.open(first))
})

test('a failed write poisons the store until it is opened again', async () => {
  const simulation = new Simulation(1)
  const bytes = new SimulatedBytes(simulation, { faults: { refused: 1, replyLost: 0, budget: 1 } })
  const open = (): Promise<ByteStore> => finish(simulation, bytes.open(simulation.incarnation('process')))
  const store = await open()
  await assert.rejects(finish(simulation, store.write([put('a', 1)], { sync: true })), { code: 'MR_STATE_IO' })
  await assert.rejects(finish(simulation, store.get('a')), { code: 'MR_STATE_IO' })
  await finish(simulation, store.close())
  assert.equal(await finish(simulation, (await open()).get('a')), undefined)
})

test('damage on request reaches the stored bytes', async () => {
  const simulation = new Simulation(1)
  const bytes = new SimulatedBytes(simulation)
  const store = await finish(simulation, bytes.open(simulation.incarnation('process')))
  await finish(simulation, store.write([put('a', 1), put('b', 2)], { sync: true }))
  bytes.flip('a', 1)
  bytes.drop('b')
  assert.deepEqual(await finish(simulation, store.getMany(['a', 'b'])), [Uint8Array.of(3), undefined])
})
