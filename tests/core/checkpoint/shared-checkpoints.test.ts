import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SealedMarker } from '../../../core/checkpoint/epoch-marker.ts'
import type { CheckpointStore } from '../../../core/ports/checkpoint-store.ts'
import { blockOf, draftOf, entriesOf, KEEP_ALL } from './epochs.ts'
import { onSharedStore, type SharedHost, type SharedWorld } from './shared-host.ts'

const text = new TextEncoder()

/** Prepares an epoch with one new entry and an outbox segment, and publishes it. */
async function publish({ files }: SharedWorld, host: SharedHost, epoch: number): Promise<SealedMarker> {
  const segment = `letters/${epoch}`
  await files.makeDirectory(`${host.outbox}/letters`)
  await files.write(`${host.outbox}/${segment}`, text.encode(`segment ${epoch}`))
  const intents = { letters: { from: epoch - 1, to: epoch, outbox: [segment], content: null } }
  const sealed = await host.keeper.prepare(draftOf(epoch, { intents }), [blockOf(0, { [epoch]: epoch })], KEEP_ALL)
  await host.shared.publish(sealed, host.keeper)
  return sealed
}

describe('SharedCheckpoints', () => {
  it('is empty at first', () =>
    onSharedStore(async ({ host }) => {
      assert.deepEqual(await host('a').shared.load(), {
        checkpoint: undefined,
        highestEpoch: 0,
        highestGeneration: 0,
      })
    }))

  it('shows the newest checkpoint to every host', () =>
    onSharedStore(async (world) => {
      const a = world.host('a')
      await publish(world, a, 1)
      const sealed = await publish(world, a, 2)
      const { checkpoint, highestEpoch, highestGeneration } = await world.host('b').shared.load()
      assert.deepEqual(checkpoint?.marker, sealed.marker)
      assert.equal(checkpoint?.hash, sealed.hash)
      assert.deepEqual([highestEpoch, highestGeneration], [2, 1])
    }))

  it('restores state and outbox on a fresh host', () =>
    onSharedStore(async (world) => {
      const [a, b] = [world.host('a'), world.host('b')]
      await publish(world, a, 1)
      const sealed = await publish(world, a, 2)
      await b.shared.download((await b.shared.load()).checkpoint!, b.keeper)
      assert.deepEqual(await entriesOf(b.keeper), await entriesOf(a.keeper))
      assert.equal(b.keeper.last?.hash, sealed.hash)
      assert.deepEqual(await world.files.read(`${b.outbox}/letters/2`), text.encode('segment 2'))
    }))

  it('lets the loser of a race stop, and keeps the checkpoint of the winner', () =>
    onSharedStore(async (world) => {
      const [a, b] = [world.host('a'), world.host('b')]
      await publish(world, a, 1)
      await b.shared.download((await b.shared.load()).checkpoint!, b.keeper)
      const sealed = await publish(world, b, 2)
      await a.keeper.prepare(draftOf(2, { generation: 99 }), [], KEEP_ALL)
      await assert.rejects(a.shared.publish(a.keeper.last!, a.keeper), { code: 'MR_CHECKPOINT_SUPERSEDED' })
      assert.equal((await a.shared.load()).checkpoint?.hash, sealed.hash)
    }))

  it('fences the owner before by a claim, and tells a second claimer of the same number', () =>
    onSharedStore(async (world) => {
      const [a, b, c] = [world.host('a'), world.host('b'), world.host('c')]
      await publish(world, a, 1)
      assert.equal(await b.shared.claim(2, { generation: 5, name: 'b' }), true)
      assert.equal(await c.shared.claim(2, { generation: 5, name: 'c' }), false)
      await assert.rejects(publish(world, a, 2), { code: 'MR_CHECKPOINT_SUPERSEDED' })
      const { checkpoint, highestEpoch, highestGeneration } = await a.shared.load()
      assert.deepEqual([checkpoint?.marker.epoch, highestEpoch, highestGeneration], [1, 2, 5])
    }))

  it('takes its own manifest for its own when only the answer was lost, and when it is published again', () =>
    onSharedStore(async (world) => {
      const forgetful: CheckpointStore = {
        ...boundTo(world.store),
        createManifest: async (epoch, bytes) => {
          await world.store.createManifest(epoch, bytes)
          return 'exists'
        },
      }
      const a = world.host('a', forgetful)
      const sealed = await publish(world, a, 1)
      await a.shared.publish(sealed, a.keeper)
      assert.equal((await a.shared.load()).checkpoint?.hash, sealed.hash)
    }))

  it('uploads a block once', () =>
    onSharedStore(async (world) => {
      const uploads: string[] = []
      const counting: CheckpointStore = {
        ...boundTo(world.store),
        putObject: async (name, bytes) => {
          uploads.push(name)
          await world.store.putObject(name, bytes)
        },
      }
      const a = world.host('a', counting)
      for (const epoch of [1, 2, 3]) await publish(world, a, epoch)
      assert.equal(uploads.filter((name) => name.startsWith('block/')).length, 3)
    }))

  it('says which object is missing where a checkpoint is not whole', () =>
    onSharedStore(async (world) => {
      const [a, b] = [world.host('a'), world.host('b')]
      await publish(world, a, 1)
      const block = (await world.store.objects()).find((name) => name.startsWith('block/'))!
      await world.store.removeObject(block)
      const { checkpoint } = await b.shared.load()
      await assert.rejects(b.shared.download(checkpoint!, b.keeper), { code: 'MR_STATE_CORRUPT', message: /lacks/ })
      assert.deepEqual(await b.keeper.load(), { kind: 'none' })
    }))

  it('collects what the newest checkpoint does not need, and nothing else', () =>
    onSharedStore(async (world) => {
      const [a, b] = [world.host('a'), world.host('b')]
      for (let epoch = 1; epoch <= 9; epoch++) await publish(world, a, epoch)
      await a.keeper.mergeInBackground(KEEP_ALL)
      const sealed = await publish(world, a, 10)
      assert.ok((await world.store.objects()).length > 12)
      await a.shared.collect(sealed)
      assert.deepEqual(await world.store.epochs(), [10])
      assert.equal((await world.store.objects()).length, sealed.marker.blocks.length + 1)
      await b.shared.download((await b.shared.load()).checkpoint!, b.keeper)
      assert.deepEqual(await entriesOf(b.keeper), await entriesOf(a.keeper))
    }))

  it('takes nothing away from a successor when its owner was replaced before it collects', () =>
    onSharedStore(async (world) => {
      const [a, b, c] = [world.host('a'), world.host('b'), world.host('c')]
      for (let epoch = 1; epoch <= 9; epoch++) await publish(world, a, epoch)
      const sealed = await publish(world, a, 10)
      await b.shared.download((await b.shared.load()).checkpoint!, b.keeper)
      assert.equal(await b.shared.claim(11, { generation: 2, name: 'b' }), true)
      await b.keeper.mergeInBackground(KEEP_ALL)
      await publish(world, b, 12)
      await a.shared.collect(sealed)
      await c.shared.download((await c.shared.load()).checkpoint!, c.keeper)
      assert.deepEqual(await entriesOf(c.keeper), await entriesOf(b.keeper))
    }))
})

/** The methods of a store as own properties, so that some can be replaced. */
function boundTo(store: CheckpointStore): CheckpointStore {
  return {
    createManifest: (epoch, bytes) => store.createManifest(epoch, bytes),
    readManifest: (epoch) => store.readManifest(epoch),
    epochs: () => store.epochs(),
    removeManifest: (epoch) => store.removeManifest(epoch),
    putObject: (name, bytes) => store.putObject(name, bytes),
    getObject: (name) => store.getObject(name),
    objects: () => store.objects(),
    removeObject: (name) => store.removeObject(name),
  }
}
