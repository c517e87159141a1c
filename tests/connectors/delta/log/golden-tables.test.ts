import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadSnapshot, type Snapshot } from '../../../../connectors/delta/log/snapshot.ts'
import { openFileStore } from '../../../../platform/system/file-store.ts'
import { fakePorts } from '../delta-fixture.ts'

/** Tables that other people's writers made; see the README beside them. */
const GOLDEN =
  process.env.MILLRACE_GOLDEN ?? fileURLToPath(new URL('../../../../../shared/golden-delta', import.meta.url))

interface GoldenTable {
  readonly table: string
  readonly version: number
  readonly numFiles?: number
  readonly active?: readonly string[]
  readonly expect?: string
}

async function open(table: string): Promise<Snapshot | undefined> {
  const files = openFileStore()
  return await loadSnapshot({ files, logger: fakePorts(files).logger, table: join(GOLDEN, table), extent: 'all' })
}

const manifest = join(GOLDEN, 'manifest.json')
if (!existsSync(manifest)) {
  // They are not part of the repository: whoever lacks them is told so, but continuous integration must have them.
  const skip = process.env.CI === 'true' ? false : `there are none at ${GOLDEN}; set MILLRACE_GOLDEN`
  it('golden tables', { skip }, () => {
    assert.fail(`there are no golden tables at ${GOLDEN}; set MILLRACE_GOLDEN`)
  })
} else {
  // The manifest is a fixture of a known form.
  const tables = JSON.parse(readFileSync(manifest, 'utf8')) as readonly GoldenTable[]
  describe('a golden table', () => {
    for (const { table, version, numFiles, active = [], expect } of tables) {
      if (expect?.startsWith('must refuse') === true || active.includes('variant')) {
        it(`${table} is refused with a named error`, async () => {
          await assert.rejects(open(table), { code: /^MR_DELTA_(?:CORRUPT|UNSUPPORTED)$/ })
        })
        continue
      }
      it(`${table} opens at version ${version} with ${numFiles} files`, async () => {
        const snapshot = await open(table)
        assert.equal(snapshot?.version, version)
        assert.equal(snapshot?.files?.adds.size, numFiles)
      })
    }
  })

  it('the transactions of a golden table outlive its checkpoint', async () => {
    const snapshot = await open('spark/txn-checkpoint/delta')
    assert.ok((snapshot?.txns.size ?? 0) > 0)
  })
}
