import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { relative } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openFileStore } from '../../../platform/system/file-store.ts'
import { SimulatedDisk } from '../../simulation/simulated-files.ts'
import { Simulation } from '../../simulation/simulation-scheduler.ts'
import { fileStoreSuite } from './file-store-suite.ts'

const makeDirectory = async () => realpath(await mkdtemp(`${tmpdir()}/millrace-files-`))

fileStoreSuite('this machine', async () => {
  const directory = await makeDirectory()
  return {
    files: openFileStore(),
    directory,
    run: (work) => work(),
    dispose: () => rm(directory, { recursive: true }),
  }
})

fileStoreSuite('the simulated disk', async () => {
  const simulation = new Simulation(1)
  const files = new SimulatedDisk(simulation).fileStore(simulation.incarnation('process'))
  const directory = '/d'
  await simulation.finish(files.makeDirectory(directory))
  return { files, directory, run: (work) => simulation.finish(work()), dispose: async () => undefined }
})

describe('the files of this machine', () => {
  it('takes relative paths from the current directory', async () => {
    const directory = await makeDirectory()
    const files = openFileStore()
    await files.write(relative(process.cwd(), `${directory}/f`), Uint8Array.of(1))
    assert.deepEqual(await files.read(`${directory}/f`), Uint8Array.of(1))
    await rm(directory, { recursive: true })
  })

  it('names path and errno of a failure', async () => {
    const directory = await makeDirectory()
    const files = openFileStore()
    await files.write(`${directory}/f`, Uint8Array.of(1))
    const path = `${directory}/f/below-a-file`
    const failure = {
      code: 'MR_FILE_IO',
      message: /below-a-file.*not a directory/,
      details: { path, errno: 'ENOTDIR' },
    }
    await assert.rejects(files.write(path, Uint8Array.of(1)), failure)
    await assert.rejects(files.list(path), failure)
    await rm(directory, { recursive: true })
  })

  it('locks against other processes, and the death of the holder frees the lock', async () => {
    const directory = await makeDirectory()
    const files = openFileStore()
    const program = [...['-C', 'millrace-source'], fileURLToPath(new URL('hold-lock.ts', import.meta.url)), directory]
    const holder = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [held] = await once(holder.stdout, 'data')
    assert.equal(String(held), 'held\n')
    assert.equal(await files.lock(directory), undefined)
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const lock = await files.lock(directory)
    assert.ok(lock !== undefined)
    assert.equal(await files.lock(directory), undefined)
    assert.equal(spawnSync(process.execPath, program, { encoding: 'utf8' }).stdout, 'busy\n')
    await lock.release()
    await rm(directory, { recursive: true })
  })
})
