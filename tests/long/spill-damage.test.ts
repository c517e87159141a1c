import assert from 'node:assert/strict'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { before, beforeEach, describe, it } from 'node:test'
import type { MillraceError } from '../../core/model/errors.ts'
import type { ByteOperation, ByteStore } from '../../core/ports/byte-store.ts'
import type { SpillPlace } from '../../core/runtime/job/job-ports.ts'
import { appendOrders, temporaryDirectory } from '../platform/order-log.ts'
import { type JobEnd, ordersInTable, runOrders } from '../platform/spilling-job.ts'

const ORDERS = 30_000
const MORE = 1_000
/** Empty tables of two workers take 256 KiB of it; all keys together would need some 1,500 KiB more. */
const LITTLE = '600KiB'
const ENTRY_BYTES = 24
const SPILL = '.millrace/orders/spill'

type Page = Uint8Array | undefined

/** The spill store of a job with the hand of a test between: it counts what is there, and damages what is read. */
class SpillHand {
  /** Asked for every page that is read, with how many were read before. */
  damage: (page: Page, read: number) => Page = (page) => page
  reads = 0
  /** The most that was there at once. */
  mostBytes = 0
  readonly #sizes = new Map<string, number>()
  #bytes = 0

  place({ clear, open }: SpillPlace): SpillPlace {
    return {
      clear: async () => {
        this.#sizes.clear()
        this.#bytes = 0
        await clear()
      },
      open: async () => this.#store(await open()),
    }
  }

  #store(store: ByteStore): ByteStore {
    return {
      get: (key) => store.get(key),
      getMany: async (keys) => {
        const pages = await store.getMany(keys)
        return pages.map((page) => this.damage(page, this.reads++))
      },
      keys: (from, to) => store.keys(from, to),
      write: (operations, options) => {
        for (const operation of operations) this.#count(operation)
        return store.write(operations, options)
      },
      close: () => store.close(),
    }
  }

  #count(operation: ByteOperation): void {
    const size = operation.kind === 'put' ? operation.value.length : 0
    this.#bytes += size - (this.#sizes.get(operation.key) ?? 0)
    this.#sizes.set(operation.key, size)
    this.mostBytes = Math.max(this.mostBytes, this.#bytes)
  }
}

/** Damages the page that is read as number `index`, once. */
function flipOnce(index: number): SpillHand['damage'] {
  let isDone = false
  return (page, read) => {
    if (isDone || read !== index || page === undefined) return page
    isDone = true
    page[page.length >> 1]! ^= 4
    return page
  }
}

describe('a job that must read spilled state', () => {
  /** Holds the state of a first run, and a log in which all of its orders come again, with new ones behind them. */
  let taken = ''
  let roomy: JobEnd
  let rows: readonly unknown[] = []

  before(async () => {
    taken = temporaryDirectory()
    process.chdir(taken)
    await appendOrders('.', 0, ORDERS)
    await runOrders(LITTLE, (place) => place)
    await appendOrders('.', 0, ORDERS + MORE)
    enterCopyOf('log')
    roomy = await runOrders(undefined, (place) => place)
    rows = await ordersInTable()
    assert.equal(rows.length, ORDERS + MORE)
  })

  beforeEach(() => {
    process.chdir(taken)
    enterCopyOf('.')
  })

  it('ends as one with room for all of it, though most keys are outside memory', async () => {
    const hand = new SpillHand()
    const { marker, restarts } = await runOrders(LITTLE, (place) => hand.place(place))
    assert.ok(hand.mostBytes / ENTRY_BYTES > ORDERS / 2, `${hand.mostBytes} bytes outside memory at most`)
    assert.deepEqual(restarts, [])
    assert.deepEqual(await ordersInTable(), rows)
    assert.deepEqual(marker?.ledger, roomy.marker?.ledger)
  })

  it('restarts where a page is damaged, and ends right', async () => {
    const hand = new SpillHand()
    hand.damage = flipOnce(50)
    const { marker, restarts } = await runOrders(LITTLE, (place) => hand.place(place))
    assert.deepEqual(restarts, ['MR_SPILL_CORRUPT'])
    assert.deepEqual(await ordersInTable(), rows)
    assert.deepEqual(marker?.ledger, roomy.marker?.ledger)
    assert.equal(existsSync(SPILL), false)
  })

  it('gives up where pages are gone in every attempt, and its checkpoint is as good as before', async () => {
    const hand = new SpillHand()
    hand.damage = () => undefined
    await assert.rejects(
      runOrders(LITTLE, (place) => hand.place(place)),
      ({ code, details }: MillraceError) => code === 'MR_RESTARTS_EXHAUSTED' && details.lastCode === 'MR_SPILL_CORRUPT',
    )
    assert.equal(existsSync(SPILL), false)
    await runOrders(LITTLE, (place) => place)
    assert.deepEqual(await ordersInTable(), rows)
  })
})

/** Goes to a directory of its own that holds the same under the relative `path`. */
function enterCopyOf(path: string): void {
  const copy = temporaryDirectory()
  cpSync(path, join(copy, path), { recursive: true })
  process.chdir(copy)
}
