import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileStore } from '../../core/ports/file-store.ts'
import { createExclusively, replaceAtomically } from '../../core/ports/file-store.ts'
import type { Incarnation } from './incarnation.ts'
import { SimulatedDisk } from './simulated-files.ts'
import { Simulation } from './simulation-scheduler.ts'

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes)
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

interface Machine {
  readonly simulation: Simulation
  readonly disk: SimulatedDisk
  readonly process: Incarnation
  readonly files: FileStore
}

function machine(seed: number): Machine {
  const simulation = new Simulation(seed)
  const disk = new SimulatedDisk(simulation)
  const process = simulation.incarnation('process')
  return { simulation, disk, process, files: disk.fileStore(process) }
}

const finish = <T>(simulation: Simulation, work: Promise<T>): Promise<T> => simulation.finish(work)

async function durableFile({ simulation, files }: Machine, content: string): Promise<void> {
  const work = async (): Promise<void> => {
    await files.makeDirectory('/d')
    await files.syncDirectory('/')
    await files.write('/d/f', bytes(content))
    await files.sync('/d/f')
    await files.syncDirectory('/d')
  }
  await finish(simulation, work())
}

/** Contents of a file after a crash, over many seeds. */
async function outcomes(
  kind: 'process' | 'power',
  work: (box: Machine) => Promise<void>,
): Promise<Set<string | undefined>> {
  const seen = new Set<string | undefined>()
  for (let seed = 0; seed < 60; seed++) {
    const box = machine(seed)
    await durableFile(box, 'old')
    await finish(box.simulation, work(box))
    box.simulation.crash([box.process], kind)
    seen.add(text(box.disk.view.read('/d/f')))
  }
  return seen
}

test('the death of a process keeps everything that was written', async () => {
  assert.deepEqual([...(await outcomes('process', ({ files }) => files.append('/d/f', bytes('new'))))], ['oldnew'])
})

test('a power loss keeps synced bytes and any prefix, or a torn one, of what was appended after', async () => {
  const seen = await outcomes('power', ({ files }) => files.append('/d/f', bytes('new')))
  for (const content of seen) assert.ok(content?.startsWith('old') && content.length <= 8, content)
  for (const content of ['old', 'oldn', 'oldnew']) assert.ok(seen.has(content), content)
  assert.ok(
    [...seen].some((content) => !'oldnew'.startsWith(content ?? '')),
    'no torn outcome',
  )
})

test('a power loss may show an unsynced replacement as old, new or torn', async () => {
  const seen = await outcomes('power', ({ files }) => files.write('/d/f', bytes('xyz')))
  for (const content of ['old', 'xyz', '']) assert.ok(seen.has(content), content)
})

test('a power loss keeps what was synced, whole', async () => {
  const seen = await outcomes('power', async ({ files }) => {
    await files.append('/d/f', bytes('new'))
    await files.sync('/d/f')
  })
  assert.deepEqual([...seen], ['oldnew'])
})

test('a name is durable only after a sync of its directory', async () => {
  const unsynced = await outcomes('power', ({ files }) => files.remove('/d/f'))
  assert.deepEqual([...unsynced].sort(), ['old', undefined])
  const synced = await outcomes('power', async ({ files }) => {
    await files.remove('/d/f')
    await files.syncDirectory('/d')
  })
  assert.deepEqual([...synced], [undefined])
})

test('a directory that was never synced in its parent is lost with what it holds', async () => {
  const seen = await outcomes('power', async ({ files }) => {
    await files.makeDirectory('/d/e')
    await files.write('/d/e/f', bytes('deep'))
    await files.sync('/d/e/f')
    await files.syncDirectory('/d/e')
    await files.rename('/d/f', '/d/e/g')
    await files.syncDirectory('/d/e')
  })
  assert.ok(seen.has('old') && seen.has(undefined))
})

test('replaceAtomically shows the old or the new content, the new one once it resolved', async () => {
  const seen = await outcomes('power', ({ files }) =>
    replaceAtomically(files, '/d/f', { bytes: bytes('new'), temporary: '/d/t' }),
  )
  assert.deepEqual([...seen], ['new'])
})

test('createExclusively has one winner however many race for a name', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const { simulation, disk, files } = machine(seed)
    const other = disk.fileStore(simulation.incarnation('other'))
    await finish(simulation, files.makeDirectory('/d'))
    const race = Promise.all([
      createExclusively(files, '/d/1.json', { bytes: bytes('mine'), temporary: '/d/t1' }),
      createExclusively(other, '/d/1.json', { bytes: bytes('theirs'), temporary: '/d/t2' }),
    ])
    const won = await finish(simulation, race)
    assert.deepEqual([...won].sort(), ['created', 'exists'], `seed ${seed}`)
    assert.equal(text(disk.view.read('/d/1.json')), won[0] === 'created' ? 'mine' : 'theirs')
  }
})

test('the death of its holder releases a lock, and so does its expiry', async () => {
  const { simulation, disk, process, files } = machine(1)
  const second = simulation.incarnation('second')
  const third = disk.fileStore(simulation.incarnation('third'))
  await finish(simulation, files.makeDirectory('/d'))
  assert.ok(await finish(simulation, files.lock('/d')))
  assert.equal(await finish(simulation, disk.fileStore(second).lock('/d')), undefined)
  process.crash()
  assert.ok(await finish(simulation, disk.fileStore(second).lock('/d')))
  second.pause()
  assert.equal(await finish(simulation, third.lock('/d')), undefined)
  disk.expireLocks(second)
  assert.ok(await finish(simulation, third.lock('/d')))
})

test('a write under way at the death of its process is there whole, in part or not at all', async () => {
  const seen = new Set<string | undefined>()
  for (let seed = 0; seed < 60; seed++) {
    const { simulation, disk, process, files } = machine(seed)
    files.append('/f', bytes('abc')).then(() => assert.fail('answered after the crash'))
    simulation.crash([process], 'process')
    await simulation.run(() => false, 10)
    seen.add(text(disk.view.read('/f')))
  }
  assert.deepEqual([...seen].sort(), ['', 'a', 'ab', 'abc', undefined])
})

test('faults refuse operations or lose their reply, within their budget', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const simulation = new Simulation(seed)
    const disk = new SimulatedDisk(simulation, { refused: 0.2, replyLost: 0.2, budget: 3 })
    const files = disk.fileStore(simulation.incarnation('process'))
    let failures = 0
    for (let i = 0; i < 40; i++) {
      const work = files.write(`/f${i}`, bytes('xy')).catch((error: { readonly code: string }) => error)
      const error = await finish(simulation, work)
      if (error === undefined) continue
      failures++
      assert.equal(error.code, 'MR_FILE_IO')
      seen.add(String(text(disk.view.read(`/f${i}`))))
    }
    assert.equal(failures, 3, `seed ${seed}`)
    assert.equal(disk.faults.injected, 3)
  }
  assert.deepEqual([...seen].sort(), ['', 'undefined', 'x', 'xy'])
})

test('equal seeds give equal disks after equal power losses', async () => {
  const run = async (): Promise<string> => {
    const box = machine(99)
    await durableFile(box, 'old')
    for (let i = 0; i < 20; i++) await finish(box.simulation, box.files.append(`/d/f${i % 4}`, bytes(`line ${i}`)))
    box.simulation.crash([box.process], 'power')
    return [
      box.simulation.trace.hash,
      ...box.disk.paths().map((path) => `${path}=${text(box.disk.view.read(path))}`),
    ].join(';')
  }
  assert.equal(await run(), await run())
})
