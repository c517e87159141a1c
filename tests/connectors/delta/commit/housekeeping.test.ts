import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { MillraceError } from '../../../../core/model/errors.ts'
import { fakePorts, openSink, prepare, TABLE } from '../delta-fixture.ts'
import { type MemoryFiles, memoryFiles } from '../memory-files.ts'
import { commitName, LOG, ORDERS, openedOrders, rows, rowsOf, snapshotOf } from '../orders-table.ts'

let files: MemoryFiles
beforeEach(() => {
  files = memoryFiles()
})

describe('housekeeping', () => {
  it('checkpoints every 10 versions; the table opens from the checkpoint alone', async () => {
    const parts = await openedOrders(files)
    for (let epoch = 0; epoch < 25; epoch++) {
      await parts.committer.commit(await prepare(parts, ORDERS, { epoch, committed: epoch - 1, rows: rows(1) }))
      await parts.committer.collect(epoch)
    }
    const names = await files.list(LOG)
    assert.deepEqual(
      names.filter((name) => name.includes('checkpoint.')),
      ['00000000000000000010.checkpoint.parquet', '00000000000000000020.checkpoint.parquet'],
    )
    assert.partialDeepStrictEqual(JSON.parse(new TextDecoder().decode(files.content.get(`${LOG}/_last_checkpoint`))), {
      version: 20,
      numOfAddFiles: 20,
    })
    const whole = await snapshotOf(files)
    for (let version = 0; version <= 20; version++) files.content.delete(commitName(version))
    const fromCheckpoint = await snapshotOf(files)
    assert.deepEqual(
      [...(fromCheckpoint.files?.adds.keys() ?? [])].sort(),
      [...(whole.files?.adds.keys() ?? [])].sort(),
    )
    assert.equal(await rowsOf(files), 25)
    assert.equal(fromCheckpoint.txns.get('shop/orders/0')?.version, 24)
    const revived = await openedOrders(files, { seed: 2, generation: 2 })
    assert.equal(
      await revived.committer.inspect({
        intent: undefined,
        committed: 24,
        identity: await revived.committer.identity(),
      }),
      'at-end',
    )
  })

  it('falls back to an older checkpoint where the newest is damaged, and says so', async () => {
    const parts = await openedOrders(files)
    for (let epoch = 0; epoch < 21; epoch++) {
      await parts.committer.commit(await prepare(parts, ORDERS, { epoch, committed: epoch - 1, rows: rows(1) }))
      await parts.committer.collect(epoch)
    }
    files.content.set(`${LOG}/00000000000000000020.checkpoint.parquet`, new Uint8Array(40))
    assert.equal(await rowsOf(files), 21)
  })

  it('that fails is logged and harms no epoch', async () => {
    const ports = fakePorts(files)
    const parts = openSink(ports, ORDERS, { table: { partitionBy: ['region'] } })
    await parts.committer.open()
    for (let epoch = 0; epoch < 10; epoch++)
      await parts.committer.commit(await prepare(parts, ORDERS, { epoch, committed: epoch - 1, rows: rows(1) }))
    files.hook = (call) => {
      if (call === 'rename') throw new MillraceError('MR_FILE_IO', 'disk full')
    }
    await parts.committer.collect(9)
    assert.deepEqual(ports.warnings, ['housekeeping of the table failed'])
    files.hook = () => undefined
    await parts.committer.collect(9)
    assert.ok(files.content.has(`${LOG}/00000000000000000010.checkpoint.parquet`))
  })

  it('deletes what dead attempts staged, and nothing else', async () => {
    const dead = await openedOrders(files, { seed: 1, generation: 1 })
    await dead.committer.commit(await prepare(dead, ORDERS, { epoch: 0, committed: -1, rows: rows(2) }))
    const committed = [...files.content.keys()].filter((name) => name.endsWith('.parquet'))
    await prepare(dead, ORDERS, { epoch: 1, committed: 0, rows: rows(2) })
    const orphans = [...files.content.keys()].filter((name) => name.endsWith('.parquet') && !committed.includes(name))
    const other = await openedOrders(files, { seed: 3, generation: 1, sink: 'other' })
    await prepare(other, ORDERS, { epoch: 1, committed: 0, rows: rows(2) })
    files.content.set(`${TABLE}/region=eu/part-00000-somebody.snappy.parquet`, new Uint8Array(1))
    const before = files.content.size
    const alive = await openedOrders(files, { seed: 2, generation: 2 })
    await alive.committer.commit(await prepare(alive, ORDERS, { epoch: 1, committed: 0, rows: rows(2) }))
    const open = await prepare(alive, ORDERS, { epoch: 2, committed: 1, rows: rows(2) })
    await alive.committer.collect(1)
    assert.equal(orphans.length, 2)
    for (const name of orphans) assert.ok(!files.content.has(name), name)
    for (const name of committed) assert.ok(files.content.has(name), name)
    // Two files and a commit, and two files of the open intent came, two orphans went.
    assert.equal(files.content.size, before + 2 + 1 + 2 - 2)
    await alive.committer.commit(open)
    assert.equal(await rowsOf(files), 6)
  })
})
