import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MillraceError } from '../../core/model/errors.ts'
import type { FileStore } from '../../core/ports/file-store.ts'
import { openFileStore } from '../../platform/system/file-store.ts'
import { checkTables } from '../../state/check-tables.ts'

/** A directory in which `000008.ldb` is listed; reading it is up to the test. */
function directoryOf(read: () => Promise<Uint8Array>): FileStore {
  return { ...openFileStore(), list: async () => ['000008.ldb'], size: async () => 40_000, read }
}

it('a start does not fail with MR_FILE_MISSING where LevelDB compacts a table away while it is checked', async () => {
  const gone = directoryOf(async () => {
    throw new MillraceError('MR_FILE_MISSING', 'state/000008.ldb is gone')
  })
  await checkTables(gone, 'state', ['000008.ldb'])
})

it('a table that cannot be read for another reason is not taken for gone', async () => {
  const broken = directoryOf(async () => {
    throw new MillraceError('MR_FILE_IO', 'EIO')
  })
  await assert.rejects(checkTables(broken, 'state', ['000008.ldb']), { code: 'MR_FILE_IO' })
})

it('a table that was cut is damaged', async () => {
  for (const size of [40, 40_000]) {
    const cut = { ...directoryOf(async () => new Uint8Array(40)), size: async () => size }
    await assert.rejects(checkTables(cut, 'state', ['000008.ldb']), { code: 'MR_STATE_CORRUPT' })
  }
})
