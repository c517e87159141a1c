import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FailpointName } from '../../../../core/ports/failpoint.ts'
import { JobBench, SEEDS } from './job-bench.ts'

describe('Job', () => {
  it('reads a bounded input to its end and stops', async () => {
    for (const seed of SEEDS) {
      const bench = new JobBench(seed)
      bench.append(0, 60)
      await bench.ended(bench.start(bench.ends()))
      bench.assertExact(60)
    }
  })

  it('ends at once where there is nothing to read', async () => {
    const bench = new JobBench(1)
    await bench.ended(bench.start(bench.ends()))
    bench.assertExact(0)
  })

  it('drains with one last epoch that holds everything read', async () => {
    for (const seed of SEEDS) {
      const bench = new JobBench(seed)
      bench.append(0, 60)
      const process = bench.start()
      await bench.until(() => bench.curated.items.length === 54)
      process.drain()
      process.drain()
      await bench.ended(process)
      bench.assertExact(60)
    }
  })

  it('drains whenever it is told so, also before its tasks run', async () => {
    for (let steps = 0; steps < 120; steps += 5) {
      const bench = new JobBench(steps)
      const process = bench.start()
      await bench.simulation.run(() => false, steps)
      process.drain()
      await bench.ended(process)
      assert.equal(bench.curated.epoch, -1)
    }
  })

  it('knows at the end where every record went', async () => {
    const bench = new JobBench(1)
    bench.append(0, 60)
    const { splits, operators, exchanges, sinks } = await bench.ended(bench.start(bench.ends()))
    const consumed = Object.values(splits).reduce((sum, split) => sum + split.consumed, 0)
    assert.equal(consumed, 120)
    assert.deepEqual(Object.values(operators), [
      { in: 120, out: 108, dropped: { filtered: 12 } },
      { in: 108, out: 54, dropped: { duplicate: 54 } },
    ])
    assert.deepEqual(exchanges.unique, { sent: 108, received: 108 })
    assert.deepEqual(sinks.curated, { in: 54, staged: 54, rejected: 0 })
  })

  it('restarts from the last checkpoint after an operator threw, with the same results', async () => {
    for (const seed of SEEDS) {
      const bench = new JobBench(seed)
      bench.append(0, 40)
      let throws = 0
      bench.check = ({ id }) => {
        if (id !== 'order-57' || throws > 0) return
        throws++
        throw new Error('it broke once')
      }
      const process = bench.start()
      await bench.until(() => bench.curated.items.length === 36)
      bench.append(40, 80)
      await bench.until(() => bench.curated.items.length === 72)
      process.drain()
      await bench.ended(process)
      assert.equal(throws, 1)
      assert.equal(bench.outcomes.length, 2)
      bench.assertExact(80)
    }
  })

  it('gives up with a named error where the operator always throws', async () => {
    const bench = new JobBench(1)
    bench.append(0, 10)
    bench.check = () => {
      throw new Error('it is broken')
    }
    const process = bench.start()
    await bench.until(() => process.end !== undefined)
    assert.equal(process.end?.kind, 'failed')
    assert.match(process.end.error.message, /it is broken/)
    assert.ok(['MR_OPERATOR_FAILED', 'MR_RESTARTS_EXHAUSTED'].includes(process.end.error.code))
    bench.assertExact(0)
  })

  it('is not held back in event time by a worker that has no split', async () => {
    const bench = new JobBench(1, { workers: 4 })
    bench.append(0, 60)
    const process = bench.start()
    await bench.until(() => bench.curated.items.length === 54)
    process.drain()
    await bench.until(() => process.end !== undefined)
    assert.equal(process.end?.kind, 'drained')
    const watermark = process.end.last?.watermarks['exchange:unique'] ?? Number.NEGATIVE_INFINITY
    assert.ok(watermark > 50_000 && watermark < 60_000, `${watermark}`)
  })

  it('looks at a split that had nothing more again while another one stays busy', async () => {
    const bench = new JobBench(1, { workers: 1, pollOffsets: 1 })
    for (let n = 0; n < 2000; n++) bench.topic.append(0, { id: `busy-${n}`, cents: 1, at: n })
    const process = bench.start()
    await bench.until(() => bench.curated.items.length > 0)
    bench.topic.append(1, { id: 'rare', cents: 1, at: 0 })
    await bench.until(() => bench.curated.items.some(({ id }) => id === 'rare'))
    assert.ok(bench.curated.items.length < 1500, `${bench.curated.items.length} records came first`)
    process.kill('process')
  })

  it('goes on after a crash of the process at any step, with the same results', async () => {
    const names: readonly FailpointName[] = [
      'P1-aligned',
      'P2-staged',
      'P3-prepared',
      'P5-sink-committed',
      'P9-collected',
    ]
    for (const [index, name] of names.entries()) {
      const bench = new JobBench(100 + index)
      bench.append(0, 60)
      const first = bench.start()
      await bench.until(() => bench.failpoints.includes(name))
      first.kill('process')
      const second = bench.start()
      await bench.until(() => bench.curated.items.length === 54)
      second.drain()
      await bench.ended(second)
      bench.assertExact(60)
    }
  })

  it('goes on in the next run where the one before drained, and forgets no key', async () => {
    const bench = new JobBench(3)
    bench.append(0, 30)
    const first = bench.start()
    await bench.until(() => bench.curated.items.length === 27)
    first.drain()
    await bench.ended(first)
    bench.append(0, 60)
    const second = bench.start()
    await bench.until(() => bench.curated.items.length === 54)
    second.drain()
    await bench.ended(second)
    bench.assertExact(60)
  })

  it('lets no record pass before the state is back, whatever the order of threads', async () => {
    for (const seed of SEEDS) {
      const bench = new JobBench(seed)
      bench.append(0, 30)
      const first = bench.start()
      await bench.until(() => bench.curated.items.length === 27)
      first.kill('process')
      bench.append(0, 30)
      const second = bench.start()
      await bench.until(() => bench.failpoints.filter((name) => name === 'P9-collected').length > 6)
      second.drain()
      await bench.ended(second)
      bench.assertExact(30)
    }
  })
})
