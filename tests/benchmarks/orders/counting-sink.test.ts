import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { CountingHash, type HashTotals } from '../../../benchmarks/orders/counting-hash.ts'
import { countedResults, countingSink } from '../../../benchmarks/orders/counting-sink.ts'
import type { CommitterContext, WriterContext } from '../../../core/ports/sink.ts'
import { type SuiteRecord, suiteBatch, suiteContract, suiteRecords } from '../../connectors/suite-records.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-counting-sink-'))
const encoder = new TextEncoder()

function sinkAt(name: string) {
  const path = join(folder, name)
  const spec = countingSink<SuiteRecord>({ path, fields: ['id', 'amount', 'at'] })
  return {
    path,
    // It asks nothing of its context.
    writer: spec.writer({} as WriterContext, suiteContract.schema),
    committer: spec.committer({} as CommitterContext),
  }
}

function totalsOf(records: readonly SuiteRecord[]): HashTotals {
  const hash = new CountingHash()
  for (const { id, amount, at } of records) {
    hash.addBytes(encoder.encode(id), 0, id.length)
    hash.addNumber(amount)
    hash.addNumber(at)
    hash.end()
  }
  return hash.take()
}

function epoch(number: number, committed: number) {
  return { epoch: number, committed, ranges: [], now: 0 }
}

describe('the counting sink', () => {
  after(() => rmSync(folder, { recursive: true }))

  it('hashes the living rows of columns as their texts, over tasks and epochs', async () => {
    const { path, writer, committer } = sinkAt('living')
    writer.write(suiteBatch(suiteRecords(0, 10), Int32Array.of(2, 5)))
    const first = await committer.intend(epoch(1, -1), [await writer.stage(1)])
    await committer.commit(first!)
    writer.write(suiteBatch(suiteRecords(20, 5)))
    const second = await committer.intend(epoch(2, 1), [
      await writer.stage(2),
      { records: 0, outbox: [], content: totalsOf([]) },
    ])
    await committer.commit(second!)
    const records = [...suiteRecords(2, 1), ...suiteRecords(5, 1), ...suiteRecords(20, 5)]
    assert.deepEqual(countedResults(path), { ...totalsOf(records), epoch: 2 })
  })

  it('counts an intent once however often it is committed, and knows whether it has it', async () => {
    const { path, writer, committer } = sinkAt('once')
    writer.write(suiteBatch(suiteRecords(0, 3)))
    const intent = (await committer.intend(epoch(1, -1), [await writer.stage(1)]))!
    const known = { intent, committed: -1, identity: path }
    assert.equal(await committer.inspect(known), 'at-start')
    await committer.commit(intent)
    await committer.commit(intent)
    assert.equal(await committer.inspect(known), 'at-end')
    assert.equal(countedResults(path).results, 3)
    assert.equal(await committer.intend(epoch(2, 1), [await writer.stage(2)]), undefined)
  })

  it('refuses fields that are not there or have no text', () => {
    const of = (field: string) => countingSink<Record<string, string>>({ path: 'x', fields: [field] })
    assert.throws(() => of('amuont').check(suiteContract.schema), { code: 'MR_FIELD_UNKNOWN' })
    assert.throws(() => of('note').check(suiteContract.schema), { code: 'MR_OPTION_INVALID' })
  })
})
