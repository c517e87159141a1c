import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { MillraceError } from '../../../../core/model/errors.ts'
import type { Intent } from '../../../../core/ports/sink.ts'
import { prepare, type SinkParts } from '../delta-fixture.ts'
import { type MemoryFiles, memoryFiles } from '../memory-files.ts'
import { LOG, ORDERS, openedOrders, rows } from '../orders-table.ts'

let files: MemoryFiles
beforeEach(() => {
  files = memoryFiles()
})

describe('inspect', () => {
  let parts: SinkParts
  let intent: Intent
  let identity: string
  beforeEach(async () => {
    parts = await openedOrders(files)
    identity = await parts.committer.identity()
    await parts.committer.commit(await prepare(parts, ORDERS, { epoch: 3, committed: -1, rows: rows(1) }))
    intent = await prepare(parts, ORDERS, { epoch: 5, committed: 3, rows: rows(2) })
  })

  it('tells where an open intent stands', async () => {
    assert.equal(await parts.committer.inspect({ intent, committed: 3, identity }), 'at-start')
    await parts.committer.commit(intent)
    assert.equal(await parts.committer.inspect({ intent, committed: 3, identity }), 'at-end')
  })

  it('makes a version durable that a dead process had only just named, before anybody builds on it', async () => {
    const synced: string[] = []
    await parts.committer.commit(intent)
    files.hook = (call, path) => {
      if (call === 'syncDirectory') synced.push(path)
    }
    assert.equal(await parts.committer.inspect({ intent, committed: 3, identity }), 'at-end')
    assert.deepEqual(synced, [LOG])
    await parts.committer.commit(intent)
    assert.deepEqual(synced, [LOG, LOG])
  })

  it('tells a table that is ahead of or behind the checkpoint', async () => {
    assert.equal(await parts.committer.inspect({ intent: undefined, committed: 3, identity }), 'at-end')
    assert.equal(await parts.committer.inspect({ intent: undefined, committed: 2, identity }), 'ahead')
    assert.equal(await parts.committer.inspect({ intent: undefined, committed: -1, identity: undefined }), 'ahead')
    assert.equal(await parts.committer.inspect({ intent: undefined, committed: 4, identity }), 'behind')
    await assert.rejects(parts.committer.commit({ ...intent, from: 4 }), { code: 'MR_SINK_BEHIND' })
    await assert.rejects(parts.committer.commit({ ...intent, from: 1, to: 2 }), { code: 'MR_SINK_AHEAD' })
  })

  it('tells staged files that were vacuumed or cut', async () => {
    const path = [...files.content.keys()].filter((name) => name.endsWith('.parquet')).at(-1) ?? ''
    files.content.set(path, new Uint8Array(3))
    assert.equal(await parts.committer.inspect({ intent, committed: 3, identity }), 'staged-missing')
    files.content.delete(path)
    assert.equal(await parts.committer.inspect({ intent, committed: 3, identity }), 'staged-missing')
    await assert.rejects(parts.committer.commit(intent), { code: 'MR_STAGED_MISSING' })
  })

  it('tells a table that was made anew, at once and after it has as many versions', async () => {
    for (const name of [...files.content.keys()]) if (name.startsWith(LOG)) files.content.delete(name)
    const other = await openedOrders(files, { seed: 7 })
    assert.equal(await parts.committer.inspect({ intent, committed: 3, identity }), 'replaced')
    await other.committer.commit(await prepare(other, ORDERS, { epoch: 3, committed: -1, rows: rows(1) }))
    assert.equal(await parts.committer.inspect({ intent, committed: 3, identity }), 'replaced')
    await assert.rejects(parts.committer.commit(intent), { code: 'MR_SINK_REPLACED' })
    await assert.rejects(other.committer.commit(intent), { code: 'MR_SINK_REPLACED' })
  })

  it('tells a disk that cannot be read now', async () => {
    files.hook = () => {
      throw new MillraceError('MR_FILE_IO', 'no answer')
    }
    assert.equal(await parts.committer.inspect({ intent, committed: 3, identity }), 'unreachable')
  })
})
