import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CheckpointStore } from '../../core/ports/checkpoint-store.ts'

/** Where one checkpoint store lies, empty at first. */
export interface CheckpointStorePlace {
  /** The store as one more host sees it. */
  open(): CheckpointStore
  /** Runs work on it to its end: a simulation has to be driven. */
  run<T>(work: () => Promise<T>): Promise<T>
  dispose(): Promise<void>
}

const guarantees: Readonly<Record<string, (one: CheckpointStore, other: CheckpointStore) => Promise<void>>> = {
  'a manifest is created once, and who comes second is told so and changes nothing': async (one, other) => {
    assert.equal(await one.createManifest(7, Uint8Array.of(1)), 'created')
    assert.equal(await other.createManifest(7, Uint8Array.of(2)), 'exists')
    assert.equal(await one.createManifest(7, Uint8Array.of(1)), 'exists')
    assert.deepEqual(await other.readManifest(7), Uint8Array.of(1))
    assert.equal(await other.readManifest(8), undefined)
  },

  'of many who create at the same time one wins': async (one, other) => {
    const claims = [one, other, one, other].map((store, i) => store.createManifest(1, Uint8Array.of(i)))
    const outcomes = await Promise.all(claims)
    assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 1)
    assert.deepEqual(await one.readManifest(1), Uint8Array.of(outcomes.indexOf('created')))
  },

  'epochs are listed in ascending order and only while they have a manifest': async (one, other) => {
    assert.deepEqual(await one.epochs(), [])
    for (const epoch of [1_000_000_000_000, 9, 10, 0]) await one.createManifest(epoch, Uint8Array.of(0))
    await other.removeManifest(10)
    await other.removeManifest(11)
    assert.deepEqual(await one.epochs(), [0, 9, 1_000_000_000_000])
    assert.equal(await one.createManifest(10, Uint8Array.of(5)), 'created')
  },

  'objects come back, are listed in order and may go': async (one, other) => {
    assert.deepEqual(await one.objects(), [])
    await one.putObject('blocks/operator-1/10', Uint8Array.of(1, 2))
    await one.putObject('outbox/a', new Uint8Array(0))
    await one.putObject('blocks/operator-1/9', Uint8Array.of(3))
    await one.putObject('a', new Uint8Array(300_000).fill(1))
    assert.deepEqual(await other.objects(), ['a', 'blocks/operator-1/10', 'blocks/operator-1/9', 'outbox/a'])
    assert.deepEqual(await other.getObject('blocks/operator-1/10'), Uint8Array.of(1, 2))
    assert.deepEqual(await other.getObject('outbox/a'), new Uint8Array(0))
    assert.deepEqual(await other.getObject('a'), new Uint8Array(300_000).fill(1))
    await other.removeObject('blocks/operator-1/10')
    await other.removeObject('blocks/operator-1/10')
    assert.equal(await one.getObject('blocks/operator-1/10'), undefined)
    assert.deepEqual(await one.objects(), ['a', 'blocks/operator-1/9', 'outbox/a'])
  },

  'an object may be written again': async (one, other) => {
    await one.putObject('a/b', Uint8Array.of(1))
    await Promise.all([one.putObject('a/b', Uint8Array.of(1)), other.putObject('a/b', Uint8Array.of(1))])
    assert.deepEqual(await one.getObject('a/b'), Uint8Array.of(1))
    assert.deepEqual(await one.objects(), ['a/b'])
  },

  'a name that leads out of the store is refused': async (one) => {
    for (const name of ['../a', 'a/../../b', '/a', 'a//b', '', '.', 'a/.', 'ä', 'a b', 'a\0']) {
      await assert.rejects(one.putObject(name, Uint8Array.of(1)), { code: 'MR_INTERNAL' }, name)
      await assert.rejects(one.getObject(name), { code: 'MR_INTERNAL' }, name)
      await assert.rejects(one.removeObject(name), { code: 'MR_INTERNAL' }, name)
    }
  },
}

/** What every {@link CheckpointStore} guarantees. `make` gives a fresh, empty place. */
export function checkpointStoreSuite(name: string, make: () => Promise<CheckpointStorePlace>): void {
  describe(`${name} as a checkpoint store`, () => {
    for (const [sentence, check] of Object.entries(guarantees)) {
      it(sentence, async () => {
        const place = await make()
        try {
          await place.run(() => check(place.open(), place.open()))
        } finally {
          await place.dispose()
        }
      })
    }
  })
}
