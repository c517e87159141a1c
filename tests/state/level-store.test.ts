import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decodeBlock } from '../../core/state/block.ts'
import { openFileStore } from '../../platform/system/file-store.ts'
import { openLevelStore } from '../../state/level-store.ts'
import { encodeBlock } from '../core/state/encode-block.ts'
import { SimulatedBytes } from '../simulation/simulated-bytes.ts'
import { Simulation } from '../simulation/simulation-scheduler.ts'
import { byteStoreSuite } from './byte-store-suite.ts'

byteStoreSuite('LevelDB', async () => {
  const directory = await mkdtemp(`${tmpdir()}/millrace-level-`)
  return {
    open: () => openLevelStore(directory, openFileStore()),
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
    const store = await openLevelStore(directory, openFileStore())
    await assert.rejects(openLevelStore(directory, openFileStore()), { code: 'MR_STATE_LOCKED' })
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
    const store = await openLevelStore(directory, openFileStore())
    for (let i = 0; i < Number(acknowledged); i++) assert.equal((await store.get(`value/${i}`))?.length, 100_000)
    await store.close()
    await rm(directory, { recursive: true })
  })

  it('refuses to open where the files that hold synced batches are gone or cut, and the witness of them too', async () => {
    const directory = await mkdtemp(`${tmpdir()}/millrace-level-`)
    await fill(directory, 3)
    for (const name of (await readdir(directory)).filter((other) => /\.log$|^CURRENT$|^synced$/.test(other))) {
      for (const damage of ['remove', 'cut', 'flip'] as const) {
        const copy = await copyOf(directory)
        await harm(`${copy}/${name}`, damage)
        await assert.rejects(openLevelStore(copy, openFileStore()), { code: 'MR_STATE_CORRUPT' }, `${damage} ${name}`)
        await rm(copy, { recursive: true })
      }
    }
    await rm(directory, { recursive: true })
  })

  it('never reads a table with a damaged byte, which would end the process', async () => {
    const directory = await mkdtemp(`${tmpdir()}/millrace-level-`)
    await fill(directory, 200)
    // Opening moves what is in the write-ahead log into a table.
    await (await openLevelStore(directory, openFileStore())).close()
    const [table = ''] = (await readdir(directory)).filter((name) => name.endsWith('.ldb'))
    const { length } = await readFile(`${directory}/${table}`)
    const copy = await copyOf(directory)
    // All of the footer's last bytes, and some of each block. The padding inside the footer is nobody's.
    const places = [
      0,
      1,
      2,
      length - 1,
      length - 8,
      ...Array.from({ length: 25 }, (_, i) => Math.floor((i * (length - 48)) / 25)),
    ]
    for (const at of places) {
      const bytes = await readFile(`${directory}/${table}`)
      bytes[at]! ^= 0x10
      await writeFile(`${copy}/${table}`, bytes)
      await assert.rejects(
        openLevelStore(copy, openFileStore()),
        { code: 'MR_STATE_CORRUPT' },
        `byte ${at} of ${length}`,
      )
    }
    for (const path of [copy, directory]) await rm(path, { recursive: true })
  })

  it('leaves damage in large values to the reader of the block, who finds it', async () => {
    const directory = await mkdtemp(`${tmpdir()}/millrace-level-`)
    const block = encodeBlock(new Int32Array(4 * 3_000).fill(7), new Float64Array(3_000).fill(5), 3_000)
    const store = await openLevelStore(directory, openFileStore())
    const keys = ['block/unique/0003/1-1', 'block/unique/0004/1-1']
    await store.write(
      keys.map((key) => ({ kind: 'put', key, value: block })),
      { sync: true },
    )
    await store.close()
    const [file = '', ...others] = await readdir(`${directory}/values`)
    assert.deepEqual(others, [])
    const whole = await readFile(`${directory}/values/${file}`)
    assert.equal(whole.length, 2 * block.length, 'LevelDB has none of it')
    for (const at of [0, 5, 15, 16, 40_000, block.length - 1]) {
      const bytes = Uint8Array.from(whole)
      bytes[block.length + at]! ^= 0x10
      await writeFile(`${directory}/values/${file}`, bytes)
      const again = await openLevelStore(directory, openFileStore())
      const [first, second] = await again.getMany(keys)
      assert.deepEqual(first, block)
      assert.throws(() => decodeBlock(second!), { code: 'MR_STATE_CORRUPT' }, `byte ${at}`)
      await again.close()
    }
    await rm(directory, { recursive: true })
  })
})

async function fill(directory: string, batches: number): Promise<void> {
  const store = await openLevelStore(directory, openFileStore())
  for (let i = 0; i < batches; i++) {
    await store.write([{ kind: 'put', key: `value/${i}`, value: new Uint8Array(100).fill(i) }], { sync: i % 50 === 0 })
  }
  await store.write([{ kind: 'put', key: 'value/last', value: new Uint8Array(1) }], { sync: true })
  await store.close()
}

async function copyOf(directory: string): Promise<string> {
  const copy = await mkdtemp(`${tmpdir()}/millrace-level-`)
  await cp(directory, copy, { recursive: true })
  return copy
}

async function harm(path: string, damage: 'remove' | 'cut' | 'flip'): Promise<void> {
  if (damage === 'remove') return rm(path)
  const bytes = await readFile(path)
  if (damage === 'flip') bytes[bytes.length - 1]! ^= 0x10
  await writeFile(path, damage === 'cut' ? bytes.subarray(0, bytes.length - 1) : bytes)
}
