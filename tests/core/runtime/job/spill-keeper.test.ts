import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MillraceError } from '../../../../core/model/errors.ts'
import type { ByteOperation } from '../../../../core/ports/byte-store.ts'
import type { SpillPage } from '../../../../core/ports/spill.ts'
import type { SpillPlace } from '../../../../core/runtime/job/job-ports.ts'
import { SpillKeeper } from '../../../../core/runtime/job/spill-keeper.ts'
import { settle } from '../../../manual-clock.ts'
import { MemoryBytes } from '../../checkpoint/memory-bytes.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

/** A store whose calls a test can hold up or let fail, at its place. */
class Place extends MemoryBytes implements SpillPlace {
  /** What happened, in its order. */
  readonly calls: string[] = []
  /** Called before each call of the store, with the pages that it is about. */
  before: (call: 'read' | 'write', names: readonly string[]) => Promise<void> = async () => undefined

  readonly clear = async (): Promise<void> => {
    this.calls.push('clear')
    this.entries.clear()
  }

  readonly open = async (): Promise<Place> => {
    this.calls.push('open')
    return this
  }

  override async getMany(names: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    await this.before('read', names)
    return super.getMany(names)
  }

  override async write(operations: readonly ByteOperation[]): Promise<void> {
    const names = operations.map(({ key }) => key)
    await this.before('write', names)
    await super.write(operations)
  }

  override async close(): Promise<void> {
    this.calls.push('close')
  }
}

function page(name: string, ...bytes: readonly number[]): SpillPage {
  return { name, bytes: Uint8Array.from(bytes) }
}

function write(...pages: readonly SpillPage[]) {
  return { kind: 'spill', change: { write: pages, forget: [] } } as const
}

function forget(...names: readonly string[]) {
  return { kind: 'spill', change: { write: [], forget: names } } as const
}

function read(request: number, ...names: readonly string[]) {
  return { kind: 'read', request, names } as const
}

/** The code of what `work` rejects with. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  const [result] = await Promise.allSettled([work])
  if (result.status === 'fulfilled') return 'none'
  assert.ok(result.reason instanceof MillraceError)
  return result.reason.code
}

interface Step {
  readonly worker: number
  readonly kind: 'write' | 'forget' | 'read'
  readonly names: readonly number[]
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  worker: fc.nat(2),
  kind: fc.constantFrom('write', 'forget', 'read'),
  names: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
})

/** Asks for a step and judges the answer by `known`: what each page holds by then, which is the number of a step. */
async function serveStep(
  keeper: SpillKeeper,
  known: Map<string, number>,
  { worker, kind, names, index }: Step & { readonly index: number },
): Promise<void> {
  const own = names.map((name) => `${worker}/${name}`)
  if (kind === 'write') {
    for (const name of own) known.set(name, index)
    await keeper.serve(write(...own.map((name) => page(name, index))), worker)
    return
  }
  if (kind === 'forget') {
    for (const name of own) known.delete(name)
    await keeper.serve(forget(...own), worker)
    return
  }
  const expected = own.map((name) => known.get(name))
  const answer = keeper.serve(read(index, ...own), worker)
  if (expected.includes(undefined)) assert.equal(await codeOf(answer), 'MR_SPILL_CORRUPT')
  else assert.deepEqual(await answer, { kind: 'pages', request: index, pages: expected.map((n) => Uint8Array.of(n!)) })
}

describe(`SpillKeeper (SEED=${seed})`, () => {
  it('begins by deleting what was left, and opens the store when the first page comes', async () => {
    const place = new Place()
    place.entries.set('of-a-crashed-attempt', Uint8Array.of(1))
    const keeper = new SpillKeeper(place)
    await keeper.begin()
    assert.deepEqual([...place.entries.keys()], [])
    assert.deepEqual(place.calls, ['clear'])
    await Promise.all([keeper.serve(write(page('a', 1)), 0), keeper.serve(write(page('b', 2)), 1)])
    assert.deepEqual(place.calls, ['clear', 'open'])
  })

  it('tells how many bytes were written, and gives pages in the order of their names', async () => {
    const keeper = new SpillKeeper(new Place())
    assert.deepEqual(await keeper.serve(write(page('a', 1, 2), page('b', 3)), 0), { kind: 'spilled', bytes: 3 })
    assert.deepEqual(await keeper.serve(read(7, 'b', 'a', 'b'), 0), {
      kind: 'pages',
      request: 7,
      pages: [Uint8Array.of(3), Uint8Array.of(1, 2), Uint8Array.of(3)],
    })
  })

  it('takes and gives many pages in parts, so that none of them holds the store up for long', async () => {
    const place = new Place()
    const sizes: [string, number][] = []
    place.before = async (call, { length }) => {
      sizes.push([call, length])
    }
    const keeper = new SpillKeeper(place)
    const pages = Array.from({ length: 2_500 }, (_, i) => page(`p${i}`, i & 255, i >> 8))
    await keeper.serve(write(...pages), 0)
    const answer = await keeper.serve(read(1, ...pages.map(({ name }) => name)), 0)
    assert.ok(answer.kind === 'pages')
    assert.deepEqual(
      answer.pages,
      pages.map(({ bytes }) => bytes),
    )
    const partsOf = (wanted: string) => sizes.flatMap(([call, length]) => (call === wanted ? [length] : []))
    assert.deepEqual(partsOf('write'), [...new Array(9).fill(256), 196])
    assert.deepEqual(partsOf('read'), [1_024, 1_024, 452])
  })

  it('holds up nobody but the worker whose page is under way', async () => {
    const place = new Place()
    const slow = Promise.withResolvers<void>()
    place.before = async (_, names) => {
      if (names.includes('slow')) await slow.promise
    }
    const keeper = new SpillKeeper(place)
    const done: string[] = []
    const ask = async (worker: number, events: readonly Parameters<SpillKeeper['serve']>[0][]) => {
      for (const event of events) {
        await keeper.serve(event, worker)
        done.push(`${event.kind} of ${worker}`)
      }
    }
    const asked = [
      ask(0, [write(page('slow', 1)), read(1, 'slow')]),
      ask(1, [write(page('quick', 2)), read(1, 'quick')]),
    ]
    await settle()
    assert.deepEqual(done, ['spill of 1', 'read of 1'])
    slow.resolve()
    await Promise.all(asked)
    assert.deepEqual(done.slice(2), ['spill of 0', 'read of 0'])
  })

  it('shows each worker what it wrote before and not what it forgot, whatever takes how long', async () => {
    const delays = fc.infiniteStream(fc.nat(3))
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), delays, async (steps, turns) => {
        const place = new Place()
        place.before = async () => {
          for (let turn = turns.next().value; turn > 0; turn--) await settle()
        }
        const keeper = new SpillKeeper(place)
        const known = new Map<string, number>()
        const served = steps.map((step, index) => serveStep(keeper, known, { ...step, index }))
        await Promise.all(served)
        assert.deepEqual(place.named(''), [...known.keys()].sort())
      }),
      { seed, numRuns: 60 },
    )
  })

  it('names the page that is missing, and serves what comes after it', async () => {
    const keeper = new SpillKeeper(new Place())
    await keeper.serve(write(page('a', 1)), 0)
    const lost = keeper.serve(read(1, 'a', 'b'), 0)
    const next = keeper.serve(read(2, 'a'), 0)
    await assert.rejects(lost, { code: 'MR_SPILL_CORRUPT', details: { page: 'b' } })
    assert.deepEqual(await next, { kind: 'pages', request: 2, pages: [Uint8Array.of(1)] })
  })

  it('calls damage of the store its own, since a restart heals it, and other failures by their names', async () => {
    const place = new Place()
    const keeper = new SpillKeeper(place)
    for (const [failure, code] of [
      ['MR_STATE_CORRUPT', 'MR_SPILL_CORRUPT'],
      ['MR_STATE_IO', 'MR_STATE_IO'],
    ] as const) {
      place.before = async () => {
        throw new MillraceError(failure, 'the disk is full of holes', { details: { path: '/spill' } })
      }
      const expected = { code, message: 'the disk is full of holes', details: { path: '/spill' } }
      await assert.rejects(keeper.serve(write(page('a', 1)), 0), expected)
      await assert.rejects(keeper.serve(read(1, 'a'), 0), expected)
    }
  })

  it('tells everyone who asks that the store cannot be opened, and closes all the same', async () => {
    const place = new Place()
    const open = (): Promise<never> => Promise.reject(new MillraceError('MR_STATE_IO', 'no space left'))
    const keeper = new SpillKeeper({ clear: place.clear, open })
    assert.equal(await codeOf(keeper.serve(write(page('a', 1)), 0)), 'MR_STATE_IO')
    assert.equal(await codeOf(keeper.serve(read(1, 'a'), 1)), 'MR_STATE_IO')
    await keeper.close()
  })

  it('closes when what is under way is over, be it a failure, and deletes everything', async () => {
    const place = new Place()
    const keeper = new SpillKeeper(place)
    await keeper.serve(write(page('a', 1)), 0)
    const slow = Promise.withResolvers<void>()
    place.before = () => slow.promise
    const underWay = codeOf(keeper.serve(read(1, 'a'), 0))
    await settle()
    const closing = keeper.close()
    await settle()
    assert.deepEqual(place.calls, ['open'])
    slow.reject(new MillraceError('MR_STATE_IO', 'gone'))
    await closing
    assert.equal(await underWay, 'MR_STATE_IO')
    assert.deepEqual(place.calls, ['open', 'close', 'clear'])
    assert.equal(await codeOf(keeper.serve(read(2, 'a'), 0)), 'MR_INTERNAL')
    assert.equal(await codeOf(keeper.serve(write(page('a', 1)), 1)), 'MR_INTERNAL')
    assert.deepEqual(place.calls, ['open', 'close', 'clear'])
  })

  it('leaves alone at its end what it never opened', async () => {
    const place = new Place()
    const keeper = new SpillKeeper(place)
    await keeper.begin()
    await keeper.close()
    assert.deepEqual(place.calls, ['clear'])
  })
})
