import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { loadSnapshot } from '../../../connectors/delta/log/snapshot.ts'
import { openFileStore } from '../../../platform/system/file-store.ts'
import { fakePorts, openSink, prepare, schemaOf } from './delta-fixture.ts'

const directory = mkdtempSync(join(tmpdir(), 'delta-'))
after(() => rmSync(directory, { recursive: true }))

it('a table on a real disk holds every epoch once, over a restart and with odd partition values', async () => {
  const files = openFileStore()
  const path = join(directory, 'orders')
  const schema = schemaOf({ id: 'int32', 'p?': 'string' })
  const values = ['a/b', 'a b', '%20', 'é', '😈', 'x=y', ':', undefined]
  for (const generation of [1, 2]) {
    const parts = openSink(fakePorts(files, generation), schema, { table: { path, partitionBy: ['p'] }, generation })
    await parts.committer.open()
    for (let turn = 0; turn < 6; turn++) {
      const epoch = 6 * (generation - 1) + turn
      const intent = await prepare(parts, schema, {
        epoch,
        committed: epoch - 1,
        rows: values.map((p, id) => ({ id, p })),
      })
      await parts.committer.commit(intent)
      await parts.committer.commit(intent)
      await parts.committer.collect(epoch)
    }
    await parts.committer.close()
  }
  const snapshot = await loadSnapshot({ files, logger: fakePorts(files).logger, table: path, extent: 'all' })
  const adds = [...(snapshot?.files?.adds.values() ?? [])]
  assert.equal(snapshot?.version, 12)
  assert.equal(adds.length, 12 * values.length)
  assert.deepEqual(
    new Set(adds.map(({ partitionValues }) => partitionValues.p)),
    new Set([...values.slice(0, -1), null]),
  )
  for (const name of [...adds.keys()].slice(0, 8)) {
    const add = adds[name]!
    assert.equal(await files.size(`${path}/${decodeURIComponent(add.path)}`), add.size)
  }
  assert.ok((await files.list(`${path}/_delta_log`)).includes('00000000000000000010.checkpoint.parquet'))
})
