import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ByteOperation, ByteStore } from '../../core/ports/byte-store.ts'

/** Where one byte store lies, empty at first. */
export interface ByteStorePlace {
  open(): Promise<ByteStore>
  /** Runs work on it to its end: a simulation has to be driven. */
  run<T>(work: () => Promise<T>): Promise<T>
  dispose(): Promise<void>
}

const put = (key: string, ...value: number[]): ByteOperation => ({ kind: 'put', key, value: Uint8Array.from(value) })
const remove = (key: string): ByteOperation => ({ kind: 'delete', key })

const guarantees: Readonly<Record<string, (store: ByteStore, place: ByteStorePlace) => Promise<void>>> = {
  'gives back what was written, and undefined for what was not': async (store) => {
    await store.write([put('a', 1, 2), put('b')], { sync: true })
    assert.deepEqual(await store.get('a'), Uint8Array.of(1, 2))
    assert.deepEqual(await store.get('b'), new Uint8Array(0))
    assert.equal(await store.get('c'), undefined)
    assert.deepEqual(await store.getMany(['c', 'a', 'a']), [undefined, Uint8Array.of(1, 2), Uint8Array.of(1, 2)])
    assert.deepEqual(await store.getMany([]), [])
  },

  'applies the operations of a batch in order': async (store) => {
    await store.write([put('a', 1), remove('a'), put('b', 1), put('b', 2), remove('c'), put('c', 3)], { sync: false })
    const values = await store.getMany(['a', 'b', 'c'])
    assert.deepEqual(values, [undefined, Uint8Array.of(2), Uint8Array.of(3)])
  },

  'lists keys in byte order, from inclusive, to exclusive': async (store) => {
    await store.write([put('b/10'), put('b/2'), put('a'), put('b'), put('c'), put('B')], { sync: false })
    assert.deepEqual(await store.keys('b', 'c'), ['b', 'b/10', 'b/2'])
    assert.deepEqual(await store.keys('', '~'), ['B', 'a', 'b', 'b/10', 'b/2', 'c'])
    assert.deepEqual(await store.keys('x', 'y'), [])
  },

  'takes a batch without operations': async (store) => {
    await store.write([], { sync: true })
    assert.deepEqual(await store.keys('', '~'), [])
  },

  'keeps its own copy of a value': async (store) => {
    const value = Uint8Array.of(1, 2, 3, 4)
    const writing = store.write([{ kind: 'put', key: 'a', value: value.subarray(1, 3) }], { sync: false })
    await writing
    value.fill(9)
    const read = await store.get('a')
    assert.deepEqual(read, Uint8Array.of(2, 3))
    read?.fill(7)
    assert.deepEqual(await store.get('a'), Uint8Array.of(2, 3))
  },

  'takes values larger than its buffers': async (store) => {
    const value = new Uint8Array(5_000_000).fill(7)
    await store.write([{ kind: 'put', key: 'large', value }], { sync: true })
    assert.deepEqual(await store.get('large'), value)
  },

  'holds everything after it was closed and opened again': async (store, place) => {
    await store.write([put('a', 1)], { sync: false })
    await store.close()
    const again = await place.open()
    assert.deepEqual(await again.get('a'), Uint8Array.of(1))
    await again.close()
  },

  'has one owner: a second opening fails until the first one closes': async (store, place) => {
    await assert.rejects(place.open(), { code: 'MR_STATE_LOCKED' })
    await store.write([put('a', 1)], { sync: true })
    await store.close()
    await (await place.open()).close()
  },

  'fails by its code once it is closed, and may be closed twice': async (store) => {
    await store.close()
    await store.close()
    await assert.rejects(store.get('a'), { code: 'MR_STATE_IO' })
    await assert.rejects(store.write([put('a', 1)], { sync: true }), { code: 'MR_STATE_IO' })
  },
}

/** What every {@link ByteStore} guarantees. `make` gives a fresh, empty place. */
export function byteStoreSuite(name: string, make: () => Promise<ByteStorePlace>): void {
  describe(`${name} as a byte store`, () => {
    for (const [sentence, check] of Object.entries(guarantees)) {
      it(sentence, async () => {
        const place = await make()
        try {
          await place.run(async () => check(await place.open(), place))
        } finally {
          await place.dispose()
        }
      })
    }
  })
}
