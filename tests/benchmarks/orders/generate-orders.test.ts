import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allOrders, generateOrders, type Order } from '../../../benchmarks/orders/generate-orders.ts'

const SEED = 7
const RECORDS = 20_000
const HIGHEST_DISORDER_MS = 2_000

describe('generated orders', () => {
  const records = [...allOrders(RECORDS, SEED)]
  const texts = records.map(({ value }) => new TextDecoder().decode(value))

  it('are the same however they are cut into pieces, and others for another seed', () => {
    const pieces = [...generateOrders({ from: 0, to: 777 }, SEED), ...generateOrders({ from: 777, to: 1_000 }, SEED)]
    assert.deepEqual(pieces, records.slice(0, 1_000))
    assert.notDeepEqual([...generateOrders({ from: 0, to: 10 }, SEED + 1)], pieces.slice(0, 10))
  })

  it('have about 200 bytes and the shares that are promised', () => {
    const bytes = texts.reduce((sum, text) => sum + text.length, 0) / texts.length
    assert.ok(bytes > 190 && bytes < 220, `${bytes} bytes`)
    const invalid = texts.filter((text) => !isComplete(text)).length / RECORDS
    assert.ok(invalid > 0.007 && invalid < 0.013, `${invalid} invalid`)
    const orders = texts.filter(isComplete).map((text) => JSON.parse(text) as Order)
    const keys = new Set(orders.map(({ order_id, source_system }) => `${order_id}|${source_system}`))
    const repeated = (orders.length - keys.size) / RECORDS
    assert.ok(repeated > 0.04 && repeated < 0.055, `${repeated} repeated`)
    assert.ok(new Set(orders.map(({ order_id }) => order_id)).size < keys.size, 'both fields of the key matter')
  })

  it('of one key are in one partition, and none is more than two seconds behind its partition', () => {
    const partitions = new Map<string, number>()
    const newest = [0, 0, 0, 0]
    for (const { partition, key, timestamp } of records) {
      const user = new TextDecoder().decode(key)
      assert.equal(partitions.get(user) ?? partition, partition)
      partitions.set(user, partition)
      assert.ok(timestamp > newest[partition]! - HIGHEST_DISORDER_MS)
      newest[partition] = Math.max(newest[partition]!, timestamp)
    }
  })

  it('end with one order per partition that is later than all windows of the others', () => {
    const closing = records.slice(RECORDS)
    assert.deepEqual(
      closing.map(({ partition }) => partition),
      [0, 1, 2, 3],
    )
    const last = Math.max(...records.slice(0, RECORDS).map(({ timestamp }) => timestamp))
    for (const { timestamp } of closing) assert.ok(timestamp - last > 120_000)
  })
})

function isComplete(text: string): boolean {
  return /"user_id":-?\d/.test(text) && /"amount_cents":\d/.test(text) && text.endsWith('}')
}
