import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PartitionedLog } from '../../../connectors/log/index.ts'
import { testPorts } from '../test-ports.ts'
import { appendRecords, DIRECTORY, logFixture, readValues, textRecord } from './log-fixture.ts'
import { Died, DyingProcess, MemoryDisk } from './memory-files.ts'

describe('partitioned log under a dying writer', () => {
  for (const how of ['before', 'half'] as const) {
    for (const renamesSurvive of [false, true]) {
      const names = renamesSurvive ? 'renames come early' : 'names come when synced'
      it(`keeps what was synced, in order, over a death at any change of the disk (${how}, ${names})`, async () => {
        let deaths = 0
        while (await diesDuringAppend(deaths + 1, how, new MemoryDisk({ renamesSurvive }))) deaths++
        assert.ok(deaths > 20, `${deaths} places to die`)
      })
    }
  }
})

/** Dies at the `n`-th change, loses power, then goes on; false where all was done before that. */
async function diesDuringAppend(n: number, how: 'before' | 'half', disk: MemoryDisk): Promise<boolean> {
  const { log } = logFixture(disk)
  const process = new DyingProcess(disk, n, how)
  const dying = new PartitionedLog(testPorts(process.files), DIRECTORY)
  let acknowledged = 0
  const run = async () => {
    await dying.createTopic('events', 1)
    for (let i = 0; i < 4; i++) {
      await appendRecords(dying, 'events', { records: [textRecord(`${i}`)], segmentBytes: 150 })
      acknowledged++
    }
  }
  const isDead = await run().then(
    () => false,
    (error: unknown) => error instanceof Died,
  )
  assert.equal(isDead, acknowledged < 4)
  disk.losePower()
  await log.createTopic('events', 1)
  const kept = await readValues(log, 'events')
  assert.ok(kept.length >= acknowledged, `${kept.length} of ${acknowledged} acknowledged records are there`)
  await appendRecords(log, 'events', { records: [textRecord('next')], segmentBytes: 150 })
  const all = await readValues(log, 'events')
  const before = all.slice(0, -1)
  assert.equal(all.at(-1), 'next')
  assert.deepEqual(before, ['0', '1', '2', '3'].slice(0, before.length))
  assert.ok(before.length >= kept.length)
  return isDead
}
