import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, it } from 'node:test'
import { append, codeOf, copyIds, enterNewDirectory, order, recordOf, run, runUntil, tableIds } from './scene.ts'

const LOG = 'table/_delta_log'

/** Commits actions as the next version, as a writer that knows nothing of us would. */
function commit(...actions: readonly object[]): void {
  const version = readdirSync(LOG).filter((name) => name.endsWith('.json')).length
  const lines = actions.map((action) => JSON.stringify(action))
  writeFileSync(`${LOG}/${String(version).padStart(20, '0')}.json`, `${lines.join('\n')}\n`)
}

/** The action of that kind in version 0. */
function firstAction(kind: 'metaData'): { readonly schemaString: string } & Readonly<Record<string, unknown>> {
  const lines = readFileSync(`${LOG}/${'0'.repeat(20)}.json`, 'utf8').split('\n')
  return JSON.parse(lines.find((line) => line.startsWith(`{"${kind}"`)) ?? '')[kind]
}

/** The metadata of the table with another column of that kind in front. */
function metaDataWith(column: { readonly name: string; readonly nullable: boolean }): object {
  const metaData = firstAction('metaData')
  const schema = JSON.parse(metaData.schemaString)
  schema.fields.push({ ...column, type: 'string', metadata: {} })
  return { metaData: { ...metaData, schemaString: JSON.stringify(schema) } }
}

const info = { commitInfo: { timestamp: 0, operation: 'OTHER' } }

describe('a foreign writer between PREPARE and commit', () => {
  beforeEach(async () => {
    enterNewDirectory()
    await append('orders', [recordOf(order('a')), recordOf(order('b'))])
    await runUntil('P3-prepared', 'everything')
  })

  async function assertWhole(): Promise<void> {
    await run('everything')
    assert.deepEqual(
      [await tableIds(), await copyIds()],
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
    )
  }

  it('that commits something of its own does not disturb the epoch', async () => {
    commit(info, { txn: { appId: 'someone', version: 7 } })
    await assertWhole()
  })

  it('that adds an optional column does not disturb the epoch', async () => {
    commit(info, metaDataWith({ name: 'extra', nullable: true }))
    await assertWhole()
  })

  it('that adds a required column stops the job by a code, and nothing is committed to the table', async () => {
    commit(info, metaDataWith({ name: 'extra', nullable: false }))
    await assert.rejects(run('everything'), (error: unknown) => codeOf(error) === 'MR_DELTA_SCHEMA')
    assert.deepEqual(await tableIds(), [])
  })

  it('that vacuums the staged files stops the job by a code', async () => {
    for (const name of readdirSync('table')) {
      if (name !== '_delta_log') rmSync(`table/${name}`, { recursive: true })
    }
    await assert.rejects(run('everything'), (error: unknown) => codeOf(error) === 'MR_STAGED_MISSING')
    assert.deepEqual(await copyIds(), [])
  })
})
