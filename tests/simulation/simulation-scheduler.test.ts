import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from './simulated-clock.ts'
import { Simulation } from './simulation-scheduler.ts'

async function busyRun(seed: number): Promise<{ readonly hash: string; readonly order: string }> {
  const simulation = new Simulation(seed)
  const order: string[] = []
  const process = simulation.incarnation('process')
  for (const actor of ['a', 'b', 'c']) {
    for (let i = 0; i < 5; i++) {
      process.post(actor, () => {
        order.push(`${actor}${i}`)
        process.after(simulation.random.below(100)).then(() => order.push(`t${actor}${i}`))
      })
    }
  }
  assert.equal(await simulation.run(() => order.length === 30, 1000), 'done')
  return { hash: simulation.trace.hash, order: order.join(' ') }
}

test('equal seeds give equal runs and equal traces', async () => {
  const [first, second] = [await busyRun(7), await busyRun(7)]
  assert.deepEqual(first, second)
})

test('other seeds give other orders', async () => {
  const orders = new Set<string>()
  for (let seed = 0; seed < 10; seed++) orders.add((await busyRun(seed)).order)
  assert.ok(orders.size >= 9, `only ${orders.size} orders in 10 seeds`)
})

test('posts under one label run in order', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const { order } = await busyRun(seed)
    for (const actor of ['a', 'b', 'c']) {
      const own = order.split(' ').filter((word) => word.startsWith(actor))
      assert.deepEqual(
        own,
        [0, 1, 2, 3, 4].map((i) => `${actor}${i}`),
        `seed ${seed}`,
      )
    }
  }
})

test('an effect answers with its result or its error', async () => {
  const simulation = new Simulation(1)
  const seen: unknown[] = []
  const failure = new Error('no')
  simulation.complete('x', () => 41 + 1).then((value) => seen.push(value))
  simulation
    .complete('x', () => {
      throw failure
    })
    .catch((error: unknown) => seen.push(error))
  assert.equal(await simulation.run(() => seen.length === 2, 10), 'done')
  assert.deepEqual(seen, [42, failure])
})

test('a crashed incarnation never answers: no post, no effect, no timer', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const simulation = new Simulation(seed)
    const process = simulation.incarnation('process')
    const heard: string[] = []
    process.post('p', () => heard.push('post'))
    process.complete('e', () => 1).then(() => heard.push('effect'))
    process.after(10).then(() => heard.push('timer'))
    process.crash()
    process.post('p', () => heard.push('late post'))
    process.complete('e', () => 1).then(() => heard.push('late effect'))
    process.after(1).then(() => heard.push('late timer'))
    assert.equal(await simulation.run(() => false, 100), 'stuck')
    assert.deepEqual(heard, [], `seed ${seed}`)
  }
})

test('a prefix of the effects under way at a crash may have happened, in order, unheard', async () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 50; seed++) {
    const simulation = new Simulation(seed)
    const process = simulation.incarnation('process')
    const done: number[] = []
    for (let i = 0; i < 2; i++) {
      process.complete('e', () => done.push(i)).then(() => assert.fail('a dead process heard an answer'))
    }
    process.crash()
    await simulation.run(() => false, 100)
    outcomes.add(done.join(''))
  }
  assert.deepEqual([...outcomes].sort(), ['', '0', '01'])
})

test('a paused incarnation stays silent and goes on where it was', async () => {
  const simulation = new Simulation(3)
  const zombie = simulation.incarnation('zombie')
  const heard: string[] = []
  zombie.post('p', () => heard.push('post'))
  zombie.complete('e', () => heard.push('effect')).then(() => heard.push('answer'))
  zombie.after(5).then(() => heard.push('timer'))
  zombie.pause()
  assert.equal(await simulation.run(() => heard.length > 0, 100), 'stuck')
  assert.deepEqual(heard, [])
  zombie.resume()
  assert.equal(await simulation.run(() => heard.length === 4, 100), 'done')
})

test('time passes to the next timer where nothing else is ready', async () => {
  const simulation = new Simulation(5)
  const clock = new SimulatedClock(simulation, simulation.incarnation('process'))
  const fired: number[] = []
  const start = clock.monotonic()
  for (const ms of [3_600_000, 10, 500]) clock.after(ms).then(() => fired.push(ms))
  assert.equal(await simulation.run(() => fired.length === 3, 100), 'done')
  assert.deepEqual(fired, [10, 500, 3_600_000])
  assert.ok(clock.monotonic() - start >= 3_600_000)
})

test('an aborted wait rejects with the reason of its signal and leaves no timer', async () => {
  const simulation = new Simulation(5)
  const clock = new SimulatedClock(simulation, simulation.incarnation('process'))
  const abort = new AbortController()
  const reason = new Error('stop')
  const seen: unknown[] = []
  clock.after(1000, abort.signal).catch((error: unknown) => seen.push(error))
  abort.abort(reason)
  clock.after(1000, abort.signal).catch((error: unknown) => seen.push(error))
  assert.equal(await simulation.run(() => false, 100), 'stuck')
  assert.deepEqual(seen, [reason, reason])
  assert.ok(clock.monotonic() < 1000)
})

test('each incarnation has its own wall clock', () => {
  const simulation = new Simulation(5)
  const right = new SimulatedClock(simulation, simulation.incarnation('right'))
  const wrong = new SimulatedClock(simulation, simulation.incarnation('wrong'), -3_600_000)
  assert.equal(right.now() - wrong.now(), 3_600_000)
  assert.equal(right.monotonic(), wrong.monotonic())
})
