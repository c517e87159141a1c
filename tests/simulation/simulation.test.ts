import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catchBug, checkFits, plantedBugs } from './planted-bugs.ts'
import { printReport, simulate } from './simulate.ts'
import { simulateSeed } from './simulate-seed.ts'

/** From here on a hundred seeds come to every outcome of a recovery. */
const FIRST_SEED = 101
const SEEDS = 100

test('100 worlds of crashes, lost power, zombies and damage end as if nothing had happened', async () => {
  const report = await simulate({ first: FIRST_SEED, count: SEEDS })
  assert.deepEqual(report.failed, [], printReport(report))
  assert.deepEqual(report.voidBecause, [], printReport(report))
})

test('a seed takes the same way every time', async () => {
  for (const seed of [3, 17, 68]) {
    const [once, again] = [await simulateSeed(seed), await simulateSeed(seed)]
    assert.equal(once.trace, again.trace, `seed ${seed}`)
    assert.equal(once.steps, again.steps, `seed ${seed}`)
  }
})

test('every planted bug fits the source as it stands', async () => {
  for (const bug of await plantedBugs()) assert.doesNotThrow(() => checkFits(bug), bug.name)
})

test('a patch that does not fit counts as a missed bug, not as a caught one', async () => {
  const result = await catchBug({ name: 'no patch', path: 'tests/simulation/planted/none.patch', what: '' }, 1)
  assert.equal(result.kind, 'missed')
})
