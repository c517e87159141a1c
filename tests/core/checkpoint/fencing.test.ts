import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedCheckpoints } from '../../../core/checkpoint/shared-checkpoints.ts'
import type { CheckpointStore } from '../../../core/ports/checkpoint-store.ts'
import { valueCodec } from '../../../state/value-codec.ts'
import { SimulatedDisk } from '../../simulation/simulated-files.ts'
import { Simulation } from '../../simulation/simulation-scheduler.ts'

function memoryStore(): CheckpointStore {
  const manifests = new Map<number, Uint8Array>()
  return {
    createManifest: async (epoch, bytes) => {
      if (manifests.has(epoch)) return 'exists'
      manifests.set(epoch, bytes)
      return 'created'
    },
    readManifest: async (epoch) => manifests.get(epoch),
    epochs: async () => [...manifests.keys()].sort((a, b) => a - b),
    removeManifest: async (epoch) => {
      manifests.delete(epoch)
    },
    putObject: async () => undefined,
    getObject: async () => undefined,
    objects: async () => [],
    removeObject: async () => undefined,
  }
}

function ownerOn(store: CheckpointStore): SharedCheckpoints {
  const simulation = new Simulation(1)
  const files = new SimulatedDisk(simulation).fileStore(simulation.incarnation('owner'))
  return new SharedCheckpoints({ store, codec: valueCodec(), files, outbox: '/outbox', failpoint: () => undefined })
}

test('a number that is free again because its manifest was collected does not let a replaced owner back in', async () => {
  const store = memoryStore()
  assert.equal(await ownerOn(store).claim(18, { generation: 2, name: 'new owner' }), true)
  assert.equal(await ownerOn(store).claim(20, { generation: 2, name: 'new owner' }), true)
  await store.removeManifest(18)
  assert.equal(await ownerOn(store).claim(18, { generation: 1, name: 'replaced owner' }), false)
})
