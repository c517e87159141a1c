import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { it } from 'node:test'
import { openFileStore } from '../../platform/system/file-store.ts'
import { systemRandom } from '../../platform/system/system-random.ts'
import { directoryCheckpointStore } from '../../state/directory-checkpoint-store.ts'
import { SimulatedDisk } from '../simulation/simulated-files.ts'
import { Simulation } from '../simulation/simulation-scheduler.ts'
import { checkpointStoreSuite } from './checkpoint-store-suite.ts'

checkpointStoreSuite('a directory of this machine', async () => {
  const directory = await mkdtemp(`${tmpdir()}/millrace-checkpoints-`)
  return {
    open: () => directoryCheckpointStore({ files: openFileStore(), random: systemRandom(), directory }),
    run: (work) => work(),
    dispose: () => rm(directory, { recursive: true }),
  }
})

checkpointStoreSuite('a simulated directory', async () => {
  const simulation = new Simulation(1)
  const files = new SimulatedDisk(simulation).fileStore(simulation.incarnation('process'))
  return {
    open: () => directoryCheckpointStore({ files, random: systemRandom(), directory: '/shared/checkpoints' }),
    run: (work) => simulation.finish(work()),
    dispose: async () => undefined,
  }
})

it('a manifest and an object that were acknowledged survive a loss of power, whatever else does', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const simulation = new Simulation(seed)
    const disk = new SimulatedDisk(simulation)
    const before = simulation.incarnation('before')
    const random = systemRandom()
    await simulation.finish(disk.fileStore(before).makeDirectory('/shared'))
    await simulation.finish(disk.fileStore(before).syncDirectory('/'))
    const store = directoryCheckpointStore({ files: disk.fileStore(before), random, directory: '/shared/c' })
    await simulation.finish(store.putObject('blocks/a/1', Uint8Array.of(1)))
    await simulation.finish(store.createManifest(1, Uint8Array.of(2)))
    simulation.crash([before], 'power')
    const files = disk.fileStore(simulation.incarnation('after'))
    const after = directoryCheckpointStore({ files, random, directory: '/shared/c' })
    assert.deepEqual(await simulation.finish(after.getObject('blocks/a/1')), Uint8Array.of(1), `seed ${seed}`)
    assert.deepEqual(await simulation.finish(after.readManifest(1)), Uint8Array.of(2), `seed ${seed}`)
  }
})
