import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catchBug, plantedBugs } from '../simulation/planted-bugs.ts'

test('bugs planted in the source are found, and every planted bug says what is wrong', async () => {
  const bugs = await plantedBugs()
  assert.ok(bugs.length >= 14)
  for (const bug of bugs) assert.match(bug.what, /^[A-Z].*\.$/, bug.name)
  for (const name of ['no-alignment', 'segment-not-synced']) {
    const bug = bugs.find((candidate) => candidate.name.endsWith(name))
    assert.ok(bug)
    const result = await catchBug(bug, 40)
    assert.equal(result.kind, 'caught', JSON.stringify(result))
  }
})
