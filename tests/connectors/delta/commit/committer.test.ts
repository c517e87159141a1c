import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { MillraceError } from '../../../../core/model/errors.ts'
import { prepare } from '../delta-fixture.ts'
import { type MemoryFiles, memoryFiles } from '../memory-files.ts'
import { commitName, ORDERS, openedOrders, rows, rowsOf, snapshotOf } from '../orders-table.ts'

let files: MemoryFiles
beforeEach(() => {
  files = memoryFiles()
})

/** Appends lines as another writer would, as the next version. */
function foreignCommit(version: number, ...actions: readonly object[]): void {
  assert.ok(!files.content.has(commitName(version)))
  files.content.set(
    commitName(version),
    new TextEncoder().encode(actions.map((action) => `${JSON.stringify(action)}\n`).join('')),
  )
}

const foreignAdd = {
  add: {
    path: 'foreign.parquet',
    partitionValues: { region: 'eu' },
    size: 1,
    modificationTime: 1,
    dataChange: true,
    stats: '{"numRecords":0}',
  },
}

/** Rewrites an action of the newest state and commits it. */
async function foreignMetaData(change: (metaData: Record<string, unknown>) => object): Promise<void> {
  const { version, metaData } = await snapshotOf(files)
  foreignCommit(version + 1, { metaData: { ...metaData, ...change({ ...metaData }) } })
}

describe('an epoch', () => {
  it('becomes one version with all files of all tasks, our txn and the ranges it covers', async () => {
    const parts = await openedOrders(files)
    await parts.committer.commit(await prepare(parts, ORDERS, { epoch: 0, committed: -1, rows: rows(5) }))
    const snapshot = await snapshotOf(files)
    assert.equal(snapshot.version, 1)
    assert.equal(snapshot.txns.get('shop/orders/0')?.version, 0)
    assert.equal(snapshot.files?.adds.size, 2)
    const [info] = new TextDecoder().decode(files.content.get(commitName(1))).split('\n')
    assert.partialDeepStrictEqual(JSON.parse(info ?? ''), {
      commitInfo: {
        operation: 'WRITE',
        isBlindAppend: true,
        millrace: { epoch: 0, previousEpoch: -1, ranges: [{ split: 'raw-0', from: 0, to: 5 }] },
      },
    })
  })

  it('without records has no intent', async () => {
    const { writer, committer } = await openedOrders(files)
    const intent = await committer.intend({ epoch: 0, committed: -1, ranges: [], now: 0 }, [await writer.stage(0)])
    assert.equal(intent, undefined)
  })

  it('may follow any number of empty ones', async () => {
    const parts = await openedOrders(files)
    await parts.committer.commit(await prepare(parts, ORDERS, { epoch: 2, committed: -1, rows: rows(1) }))
    await parts.committer.commit(await prepare(parts, ORDERS, { epoch: 9, committed: 2, rows: rows(1) }))
    assert.equal((await snapshotOf(files)).txns.get('shop/orders/0')?.version, 9)
  })

  it('takes effect once however often its intent is committed, also by another process', async () => {
    const parts = await openedOrders(files)
    const intent = await prepare(parts, ORDERS, { epoch: 0, committed: -1, rows: rows(3) })
    await parts.committer.commit(intent)
    await parts.committer.commit(intent)
    await (await openedOrders(files, { seed: 2, generation: 2 })).committer.commit(structuredClone(intent))
    assert.equal((await snapshotOf(files)).version, 1)
    assert.equal(await rowsOf(files), 3)
  })
})

describe('a crash at any step of a commit', () => {
  it('leaves an epoch that a redo from the stored intent finishes exactly once', async () => {
    let steps = 1
    for (let dieAt = 0; dieAt < steps; dieAt++) {
      files = memoryFiles()
      const parts = await openedOrders(files)
      await parts.committer.commit(await prepare(parts, ORDERS, { epoch: 0, committed: -1, rows: rows(2) }))
      const intent = await prepare(parts, ORDERS, { epoch: 1, committed: 0, rows: rows(3) })
      let call = 0
      files.hook = () => {
        if (call++ >= dieAt) throw new MillraceError('MR_FILE_IO', 'the process died here')
      }
      await parts.committer.commit(intent).catch(() => undefined)
      steps = Math.max(steps, call + 1)
      files.hook = () => undefined
      const revived = await openedOrders(files, { seed: 2, generation: 2 })
      const status = await revived.committer.inspect({
        intent,
        committed: 0,
        identity: await revived.committer.identity(),
      })
      assert.ok(status === 'at-start' || status === 'at-end', status)
      await revived.committer.commit(intent)
      await revived.committer.collect(1)
      assert.equal(await rowsOf(files), 5, `died at call ${dieAt}`)
      assert.equal((await snapshotOf(files)).version, 2)
    }
    assert.ok(steps > 8, `only ${steps} steps were tried`)
  })

  it('during the creation of the table leaves one that opens', async () => {
    for (let dieAt = 0; dieAt < 9; dieAt++) {
      files = memoryFiles()
      let call = 0
      files.hook = () => {
        if (call++ >= dieAt) throw new MillraceError('MR_FILE_IO', 'the process died here')
      }
      await openedOrders(files).catch(() => undefined)
      files.hook = () => undefined
      const parts = await openedOrders(files, { seed: 2 })
      await parts.committer.commit(await prepare(parts, ORDERS, { epoch: 0, committed: -1, rows: rows(1) }))
      assert.equal(await rowsOf(files), 1)
    }
  })
})

describe('many writers on one table', () => {
  it('lose no epoch and share no version, whatever the interleaving', async () => {
    const writers = 8
    const epochs = 4
    for (let seed = 1; seed <= 3; seed++) {
      files = memoryFiles()
      let state = seed
      files.hook = async () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0
        for (let wait = state % 7; wait > 0; wait--) await Promise.resolve()
      }
      await Promise.all(
        Array.from({ length: writers }, async (_, index) => {
          const parts = await openedOrders(files, { seed: 100 * seed + index, sink: `sink${index}` })
          for (let epoch = 0; epoch < epochs; epoch++) {
            await parts.committer.commit(await prepare(parts, ORDERS, { epoch, committed: epoch - 1, rows: rows(1) }))
          }
        }),
      )
      const snapshot = await snapshotOf(files)
      assert.equal(snapshot.version, writers * epochs, `seed ${seed}`)
      assert.equal(await rowsOf(files), writers * epochs, `seed ${seed}`)
      for (const { version } of snapshot.txns.values()) assert.equal(version, epochs - 1)
    }
  })

  it('make one table when they create it together', async () => {
    const parts = await Promise.all(Array.from({ length: 8 }, (_, index) => openedOrders(files, { seed: index + 1 })))
    const ids = await Promise.all(parts.map(({ committer }) => committer.identity()))
    assert.equal(new Set(ids).size, 1)
  })

  it('give up with a named error when every race is lost', async () => {
    const parts = await openedOrders(files)
    const intent = await prepare(parts, ORDERS, { epoch: 0, committed: -1, rows: rows(1) })
    let version = 1
    files.hook = (call, path) => {
      if (call === 'link' && path === commitName(version)) foreignCommit(version++, foreignAdd)
    }
    await assert.rejects(parts.committer.commit(intent), { code: 'MR_DELTA_CONFLICT' })
  })
})

describe('other people’s commits', () => {
  it('that append, remove or compact are rebased upon', async () => {
    const parts = await openedOrders(files)
    const intent = await prepare(parts, ORDERS, { epoch: 0, committed: -1, rows: rows(1) })
    foreignCommit(1, foreignAdd)
    files.hook = (call, path) => {
      if (call === 'link' && path === commitName(2))
        foreignCommit(2, { remove: { path: 'foreign.parquet', dataChange: true, deletionTimestamp: 1 } })
    }
    await parts.committer.commit(intent)
    assert.equal((await snapshotOf(files)).version, 3)
    assert.equal(await rowsOf(files), 1)
  })

  it('that change the schema stop the sink until it is opened anew', async () => {
    const parts = await openedOrders(files)
    const intent = await prepare(parts, ORDERS, { epoch: 0, committed: -1, rows: rows(1) })
    await foreignMetaData(({ schemaString }) => ({
      schemaString: String(schemaString).replace(
        /\]\}$/,
        ',{"name":"more","type":"string","nullable":true,"metadata":{}}]}',
      ),
    }))
    await assert.rejects(parts.committer.commit(intent), { code: 'MR_DELTA_CHANGED' })
    await (await openedOrders(files, { seed: 2, generation: 2 })).committer.commit(intent)
    assert.equal(await rowsOf(files), 1)
  })

  it('that raise the protocol stop the sink, and an unknown feature keeps it from opening', async () => {
    const parts = await openedOrders(files)
    const intent = await prepare(parts, ORDERS, { epoch: 0, committed: -1, rows: rows(1) })
    foreignCommit(1, {
      protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['rowTracking', 'domainMetadata'] },
    })
    await assert.rejects(parts.committer.commit(intent), { code: 'MR_DELTA_CHANGED' })
    await assert.rejects(openedOrders(files, { seed: 2, generation: 2 }), { code: 'MR_DELTA_UNSUPPORTED' })
  })

  it('that leave a gap in the log are corruption, not an old snapshot', async () => {
    const parts = await openedOrders(files)
    foreignCommit(2, foreignAdd)
    await assert.rejects(parts.committer.identity(), { code: 'MR_DELTA_CORRUPT' })
  })
})
