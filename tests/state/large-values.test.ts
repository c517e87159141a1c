import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ByteOperation, ByteStore } from '../../core/ports/byte-store.ts'
import { keepLargeValuesInFiles } from '../../state/large-values.ts'
import type { Incarnation } from '../simulation/incarnation.ts'
import { SimulatedBytes } from '../simulation/simulated-bytes.ts'
import { SimulatedDisk } from '../simulation/simulated-files.ts'
import { Simulation } from '../simulation/simulation-scheduler.ts'
import { byteStoreSuite } from './byte-store-suite.ts'

const DIRECTORY = '/state/values'
const LARGE_BYTES = 3
const FILE_BYTES = 64

interface Batch {
  readonly operations: readonly ByteOperation[]
  readonly sync: boolean
}

/** One process: what it writes, and when and how it ends. */
interface Life {
  readonly batches: readonly Batch[]
  readonly steps: number
  readonly kind: 'process' | 'power'
  /** Each batch only when the one before is written. */
  readonly isWaiting: boolean
}

type Content = ReadonlyMap<string, string>

/** A machine with a store and a disk, on which one process after the other lives. */
class Machine {
  readonly simulation: Simulation
  readonly bytes: SimulatedBytes
  readonly disk: SimulatedDisk
  process: Incarnation

  constructor(seed: number) {
    this.simulation = new Simulation(seed)
    this.bytes = new SimulatedBytes(this.simulation)
    this.disk = new SimulatedDisk(this.simulation)
    this.process = this.simulation.incarnation('process')
  }

  async open(): Promise<ByteStore> {
    const files = this.disk.fileStore(this.process)
    const options = { directory: DIRECTORY, largeBytes: LARGE_BYTES, fileBytes: FILE_BYTES }
    return keepLargeValuesInFiles(await this.bytes.open(this.process), files, options)
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.simulation.finish(work())
  }

  /** One process writes batches and ends after so many steps, done or not. Gives the number of batches that it knew of as written. */
  async live({ batches, steps, kind, isWaiting }: Life): Promise<number> {
    let acknowledged = 0
    const work = async (): Promise<void> => {
      const store = await this.open()
      const writing: Promise<void>[] = []
      for (const { operations, sync } of batches) {
        const written = store.write(operations, { sync }).then(() => {
          acknowledged++
        })
        writing.push(written)
        if (isWaiting) await written
      }
      await Promise.all(writing)
    }
    work().catch((error: unknown) => assert.fail(String(error)))
    let left = steps
    await this.simulation.run(() => left-- <= 0, steps + 1)
    this.simulation.crash([this.process], kind)
    this.process = this.simulation.incarnation('process')
    return acknowledged
  }

  /** All that the store holds, after its opening. */
  async content(): Promise<Content> {
    return this.run(async () => {
      const store = await this.open()
      const keys = await store.keys('', '~')
      const values = await store.getMany(keys)
      await store.close()
      return new Map(keys.map((key, index) => [key, values[index]?.join() ?? 'absent']))
    })
  }

  /** Bytes in all files of values. */
  get fileBytes(): number {
    const names = this.disk.view.list(DIRECTORY)
    return names.reduce((sum, name) => sum + this.disk.view.read(`${DIRECTORY}/${name}`)!.length, 0)
  }
}

byteStoreSuite('a store whose large values lie in files', async () => {
  const machine = new Machine(1)
  return { open: () => machine.open(), run: (work) => machine.run(work), dispose: async () => undefined }
})

const put = (key: string, size: number, fill = 1): ByteOperation => ({
  kind: 'put',
  key,
  value: new Uint8Array(size).fill(fill),
})

function applied(content: Content, operations: readonly ByteOperation[]): Content {
  const next = new Map(content)
  for (const operation of operations) {
    if (operation.kind === 'put') next.set(operation.key, operation.value.join())
    else next.delete(operation.key)
  }
  return next
}

const operation: fc.Arbitrary<ByteOperation> = fc
  .record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    size: fc.constantFrom(-1, 0, 2, 3, 9, 30),
    fill: fc.nat(255),
  })
  .map(({ key, size, fill }) => (size < 0 ? { kind: 'delete', key } : put(key, size, fill)))
const batch = fc.record({ operations: fc.array(operation, { maxLength: 4 }), sync: fc.boolean() })
const life: fc.Arbitrary<Life> = fc.record({
  batches: fc.array(batch, { minLength: 1, maxLength: 6 }),
  steps: fc.nat(60),
  kind: fc.constantFrom('process', 'power'),
  isWaiting: fc.boolean(),
})

test('whenever a process or the power ends, a prefix of the batches is there, with all that was acknowledged', async () => {
  const lives = fc.record({ seed: fc.nat(), lives: fc.array(life, { minLength: 1, maxLength: 5 }) })
  await fc.assert(
    fc.asyncProperty(lives, async ({ seed, lives }) => {
      const machine = new Machine(seed)
      /** What the store may hold after a loss of power, oldest first. */
      let states: readonly Content[] = [new Map()]
      for (const life of lives) {
        const acknowledged = await machine.live(life)
        const content = await machine.content()
        states = survivors(states, life, { acknowledged, content })
      }
    }),
    { numRuns: 400 },
  )
})

/** What a later loss of power may lead to, after it was found that what is there is right. */
function survivors(
  states: readonly Content[],
  { batches, kind }: Life,
  { acknowledged, content }: { readonly acknowledged: number; readonly content: Content },
): readonly Content[] {
  const all = [...states]
  for (const { operations } of batches) all.push(applied(all.at(-1)!, operations))
  const synced = batches.slice(0, acknowledged).findLastIndex(({ sync }) => sync)
  const durable = synced < 0 ? 0 : states.length + synced
  const safe = kind === 'power' ? durable : states.length - 1 + acknowledged
  const found = all.findLastIndex((state) => isSame(state, content))
  assert.ok(found >= safe, `found ${JSON.stringify([...content])}, ${acknowledged} batches were acknowledged`)
  return kind === 'power' ? [content] : all.slice(durable, found + 1)
}

function isSame(a: Content, b: Content): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}

test('files go with the next synced batch once none of their values counts, and so does what a dead process left', async () => {
  const machine = new Machine(2)
  await machine.run(async () => {
    const store = await machine.open()
    await store.write([put('a', 70), put('b', 2)], { sync: true })
    await store.write([put('c', 70)], { sync: true })
    assert.equal(machine.disk.view.list(DIRECTORY).length, 2)
    await store.write([{ kind: 'delete', key: 'a' }], { sync: false })
    assert.equal(machine.disk.view.list(DIRECTORY).length, 2, 'a loss of power may bring it back')
    await store.write([], { sync: true })
    assert.equal(machine.disk.view.list(DIRECTORY).length, 1)
    await store.close()
    machine.disk.plant(`${DIRECTORY}/0000000000000009`, new Uint8Array(5))
    const again = await machine.open()
    await again.write([], { sync: true })
    assert.deepEqual(machine.disk.view.list(DIRECTORY), ['0000000000000002'])
    assert.equal((await again.get('c'))?.length, 70)
  })
})

test('values are moved together where files are mostly empty: what is wasted stays within what counts and a file', async () => {
  const machine = new Machine(3)
  await machine.run(async () => {
    const store = await machine.open()
    // One value of each file stays, the others go.
    for (let i = 0; i < 60; i++) {
      const fleeting = Array.from({ length: 6 }, (_, index) => put(`fleeting ${index}`, 9, i))
      await store.write([...fleeting, put(`kept ${i}`, 5, i)], { sync: true })
      const living = 5 * (i + 1) + 6 * 9
      assert.ok(machine.fileBytes <= 2 * living + 4 * FILE_BYTES, `${machine.fileBytes} bytes for ${living}`)
    }
    for (let i = 0; i < 60; i++) assert.deepEqual(await store.get(`kept ${i}`), new Uint8Array(5).fill(i))
  })
})

test('a value whose file is cut or missing is absent, until the file is back', async () => {
  for (const damage of ['cut', 'remove'] as const) {
    const machine = new Machine(4)
    await machine.run(async () => {
      const store = await machine.open()
      await store.write([put('a', 20), put('b', 20)], { sync: true })
      await store.close()
      const path = `${DIRECTORY}/0000000000000001`
      const whole = machine.disk.view.read(path)!
      if (damage === 'cut') machine.disk.plant(path, whole.subarray(0, 39))
      else machine.disk.lose(path)
      const again = await machine.open()
      const lengths = (await again.getMany(['a', 'b'])).map((value) => value?.length)
      assert.deepEqual(lengths, damage === 'cut' ? [20, undefined] : [undefined, undefined])
      assert.deepEqual(await again.keys('', '~'), damage === 'cut' ? ['a'] : [])
      await again.write([put('b', 1)], { sync: true })
      await again.close()
      machine.disk.plant(path, whole)
      const healed = await machine.open()
      const healedLengths = (await healed.getMany(['a', 'b'])).map((value) => value?.length)
      assert.deepEqual(healedLengths, [20, 1], 'what was not written anew came back')
    })
  }
})

test('a write that fails in a file poisons the store', async () => {
  const machine = new Machine(5)
  const failing = new SimulatedDisk(machine.simulation, { refused: 1, replyLost: 0, budget: 1 })
  await machine.run(async () => {
    const files = machine.disk.fileStore(machine.process)
    const { append } = failing.fileStore(machine.process)
    const options = { directory: DIRECTORY, largeBytes: LARGE_BYTES }
    const store = await keepLargeValuesInFiles(await machine.bytes.open(machine.process), { ...files, append }, options)
    await assert.rejects(store.write([put('a', 20)], { sync: true }), { code: 'MR_STATE_IO' })
    await assert.rejects(store.get('a'), { code: 'MR_STATE_IO', message: /after a failed write/ })
  })
})
