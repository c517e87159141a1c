import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MillraceError } from '../../../../core/model/errors.ts'
import { resolveUntil, type Until } from '../../../../core/model/until.ts'
import { type Bounds, decideBounds } from '../../../../core/runtime/job/bounds.ts'
import type { SimulatedProcess } from '../../../simulation/simulated-host.ts'
import { JobBench, SEEDS } from './job-bench.ts'
import { sourceOf } from './unread-source.ts'

/** The bounds for a source of two splits and one of one. */
async function boundsFor(until: Until): Promise<Readonly<Record<string, number>>> {
  const splits = []
  for (const source of [sourceOf('orders', 2), sourceOf('users', 1)]) {
    for (const split of await source.splits()) splits.push({ source, split })
  }
  return Object.fromEntries(await decideBounds(resolveUntil(until), splits))
}

describe('decideBounds', () => {
  it('ends each split where it ends now, before the first record of a time, or at its offset', async () => {
    assert.deepEqual(await boundsFor('caught-up'), { 'orders-0': 50, 'orders-1': 50, 'users-0': 50 })
    assert.deepEqual(await boundsFor({ time: 1_950 }), { 'orders-0': 20, 'orders-1': 20, 'users-0': 20 })
    assert.deepEqual(await boundsFor({ time: '1970-01-01T00:01:00Z' }), {
      'orders-0': 50,
      'orders-1': 50,
      'users-0': 50,
    })
    const offsets = { 'orders-0': 7, 'orders-1': 0, 'users-0': 900 }
    assert.deepEqual(await boundsFor({ offsets }), offsets)
  })

  it('refuses offsets that do not name every split and no other, with what misses and what is meant', async () => {
    const whole = { 'orders-0': 7, 'orders-1': 8, 'users-0': 9 }
    const { 'users-0': _, ...part } = whole
    const refused = [
      [{}, /^until: offsets: no offset is given for orders-0, orders-1, users-0$/],
      [part, /^until: offsets: no offset is given for users-0$/],
      [
        { ...part, 'user-0': 9 },
        /there is no split "user-0" \(did you mean "users-0"\?\); no offset is given for users-0$/,
      ],
      [{ ...whole, 'orders-2': 9 }, /^until: offsets: there is no split "orders-2"$/],
    ] as const
    for (const [offsets, message] of refused) {
      await assert.rejects(boundsFor({ offsets }), { code: 'MR_OPTION_INVALID', message })
    }
    await assert.rejects(boundsFor({ offsets: { ...part, a: 1 } }), (error: MillraceError) => {
      assert.deepEqual(error.details, { missing: ['users-0'], unknown: ['a'] })
      return true
    })
  })
})

/** The positions of the last epoch of a process that has drained. */
function endOf({ end }: SimulatedProcess): Bounds {
  assert.equal(end?.kind, 'drained')
  return new Map(Object.entries(end.last?.positions ?? {}).map(([id, { offset }]) => [id, offset]))
}

describe('a bounded Job', () => {
  it('ends at its bounds, however much is written behind them and however often it restarts', async () => {
    for (const seed of SEEDS) {
      const bench = new JobBench(seed)
      bench.append(0, 60)
      const bounds = bench.ends()
      let written = 60
      bench.check = ({ id }) => {
        if (id !== 'order-57' || bench.outcomes.length > 2) return
        bench.append(written, written + 60)
        written += 60
        throw new Error('it broke')
      }
      const process = bench.start(bounds)
      await bench.ended(process)
      assert.equal(bench.outcomes.length, 3)
      assert.deepEqual(endOf(process), bounds)
      bench.assertExact(60)
    }
  })

  it('waits for records that are not written yet where its bounds are behind the ends', async () => {
    for (const seed of SEEDS) {
      const bench = new JobBench(seed)
      bench.append(0, 30)
      const bounds = new Map([...bench.ends()].map(([id, offset]) => [id, 2 * offset]))
      const process = bench.start(bounds)
      await bench.until(() => bench.curated.items.length === 27)
      bench.append(30, 57)
      await bench.until(() => bench.curated.items.length > 27)
      assert.equal(process.end, undefined)
      bench.append(57, 90)
      await bench.ended(process)
      assert.deepEqual(endOf(process), bounds)
      bench.assertExact(60)
    }
  })

  it('ends at once where its checkpoint is past all bounds, and keeps its positions', async () => {
    const bench = new JobBench(1)
    bench.append(0, 60)
    const ends = bench.ends()
    await bench.ended(bench.start(ends))
    bench.append(60, 90)
    const again = bench.start(new Map([...ends.keys()].map((id) => [id, 5])))
    await bench.ended(again)
    assert.deepEqual(endOf(again), ends)
    bench.assertExact(60)
  })

  it('looks for splits that appeared, but not in a bounded run', async () => {
    const looks = async (bounds: (bench: JobBench) => Bounds | undefined): Promise<number> => {
      const bench = new JobBench(1, { discoverMs: 10, epochMs: 200 })
      bench.append(0, 60)
      const process = bench.start(bounds(bench))
      await bench.until(() => bench.curated.items.length === 54)
      process.kill('process')
      return bench.looks
    }
    assert.ok((await looks(() => undefined)) > 5)
    assert.equal(await looks((bench) => new Map([...bench.ends()].map(([id, offset]) => [id, offset + 1]))), 1)
  })
})
