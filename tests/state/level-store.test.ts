import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openLevelStore } from '../../state/level-store.ts'
import { SimulatedBytes } from '../simulation/simulated-bytes.ts'
import { Simulation } from '../simulation/simulation-scheduler.ts'
import { byteStoreSuite } from './byte-store-suite.ts'

byteStoreSuite('LevelDB', async () => {
  const directory = await mkdtemp(`${tmpdir()}/millrace-level-`)
  return {
    open: () => openLevelStore(directory),
    run: (work) => work(),
    dispose: () => rm(directory, { recursive: true }),
  }
})

byteStoreSuite('the simulated store', async () => {
  const simulation = new Simulation(1)
  const bytes = new SimulatedBytes(simulation)
  const owner = simulation.incarnation('process')
  return {
    open: () => bytes.open(owner),
    run: (work) => simulation.finish(work()),
    dispose: async () => undefined,
  }
})

const child = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const node = ['-C', 'millrace-source']

describe('LevelDB', () => {
  it('stays locked against other processes also after a second opening in this one was refused', async () => {
    const directory = await mkdtemp(`${tmpdir()}/millrace-level-`)
    const store = await openLevelStore(directory)
    await assert.rejects(openLevelStore(directory), { code: 'MR_STATE_LOCKED' })
    const other = spawnSync(process.execPath, [...node, child('open-store.ts'), directory], { encoding: 'utf8' })
    assert.equal(other.stdout, 'MR_STATE_LOCKED\n', other.stderr)
    await store.close()
    await rm(directory, { recursive: true })
  })

  it('refuses every call after a write that failed, and holds what was acknowledged before', async () => {
    const directory = await mkdtemp(`${tmpdir()}/millrace-level-`)
    // A limit on the size of files stands for a full disk.
    const limited = `trap '' XFSZ; ulimit -f 2048; exec "$0" "$@"`
    const command = ['-c', limited, process.execPath, ...node, child('fill-store.ts'), directory]
    const filled = spawnSync('bash', command, { encoding: 'utf8' })
    const [acknowledged, ...codes] = filled.stdout.trim().split('\n')
    assert.deepEqual(codes, ['MR_STATE_IO', 'MR_STATE_IO', 'MR_STATE_IO'], filled.stderr)
    const store = await openLevelStore(directory)
    for (let i = 0; i < Number(acknowledged); i++) assert.equal((await store.get(`value/${i}`))?.length, 100_000)
    await store.close()
    await rm(directory, { recursive: true })
  })
})
