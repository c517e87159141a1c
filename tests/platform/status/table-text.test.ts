import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ledgerText } from '../../../platform/status/ledger-text.ts'
import { tableText } from '../../../platform/status/table-text.ts'

describe('a table as text', () => {
  it('pads columns to their widest cell and puts numbers to the right', () => {
    const text = tableText(
      ['id', 'count'],
      [
        ['a', 5],
        ['long', 1_000],
      ],
    )
    assert.equal(text, 'id    count\n────  ─────\na         5\nlong   1000')
  })

  it('cuts wide cells, shows what is absent as null, and keeps control characters out', () => {
    const text = tableText(['a', 'b', 'c'], [['x'.repeat(9), undefined, 'one\ntwo']], { maxWidth: 7 })
    assert.equal(text.split('\n')[2], 'xxxxxx…  null  one two')
  })

  it('has only a head where there are no lines', () => {
    assert.equal(tableText(['a', 'b'], []), 'a  b\n─  ─')
  })
})

describe('the ledger as text', () => {
  const ledger = {
    splits: { 'orders-0': { source: 'raw', consumed: 1_000, emitted: 990, rejected: 10, tombstones: 0 } },
    operators: { filter: { in: 990, out: 900, dropped: { filtered: 90 } } },
    exchanges: {},
    sinks: { table: { in: 900, staged: 900, rejected: 0 } },
  }

  it('names every count and reason, and leaves out what the pipeline does not have', () => {
    const text = ledgerText(ledger, [])
    for (const part of ['orders-0     1,000', 'filtered 90', 'table  900', 'The ledger balances'])
      assert.ok(text.includes(part))
    assert.ok(!text.includes('exchange'))
  })

  it('says what does not balance', () => {
    assert.match(ledgerText(ledger, ['sink "table" took 901']), /does NOT balance: sink "table" took 901/)
  })
})
