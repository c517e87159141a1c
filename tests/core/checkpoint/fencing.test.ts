import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideRecovery } from '../../../core/checkpoint/decide-recovery.ts'
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

const open = { kind: 'epoch', epoch: 4, hash: 'ours', isFinalized: false } as const
const sinks = [{ sink: 'table', hasIntent: true, status: 'at-start' }] as const

test('a host that comes back with an epoch that it never published goes on from where its successor claimed', () => {
  const shared = { kind: 'epoch', epoch: 3, hash: 'common' } as const
  assert.deepEqual(decideRecovery({ local: open, shared: { ...shared, highest: 4 }, sinks }), {
    kind: 'superseded',
    epoch: 3,
  })
  assert.deepEqual(decideRecovery({ local: open, shared: { kind: 'empty', highest: 5 }, sinks }), {
    kind: 'superseded',
    epoch: 0,
  })
})

test('a claim of its own, which is below its epochs, takes nothing away from a host', () => {
  const redo = { kind: 'redo', epoch: 4, sinks: ['table'] }
  const shared = { kind: 'epoch', epoch: 2, hash: 'common', highest: 3 } as const
  assert.deepEqual(decideRecovery({ local: open, shared, sinks }), redo)
  assert.deepEqual(decideRecovery({ local: open, shared: { kind: 'empty', highest: 3 }, sinks }), redo)
})

test('an epoch that all sinks have is not dropped because of a claim', () => {
  const local = { ...open, isFinalized: true }
  const shared = { kind: 'epoch', epoch: 3, hash: 'common', highest: 4 } as const
  const done = [{ sink: 'table', hasIntent: false, status: 'at-end' }] as const
  assert.deepEqual(decideRecovery({ local, shared, sinks: done }), { kind: 'resume', epoch: 4 })
})
