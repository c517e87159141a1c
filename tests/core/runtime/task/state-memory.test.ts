import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MillraceError } from '../../../../core/model/errors.ts'
import type { Operator } from '../../../../core/ports/operator.ts'
import type { Spillable, SpillChange } from '../../../../core/ports/spill.ts'
import type { HostEvent } from '../../../../core/runtime/host-messages.ts'
import { SpillClient } from '../../../../core/runtime/task/spill-client.ts'
import { StateMemory } from '../../../../core/runtime/task/state-memory.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

/** State that is nothing but its size: windows, which cannot leave memory. */
class Fixed implements Operator {
  readonly horizon = Number.NEGATIVE_INFINITY
  stateBytes: number

  constructor(stateBytes: number) {
    this.stateBytes = stateBytes
  }

  onBatch(): void {}

  onWatermark(): void {}

  snapshot(): [] {
    return []
  }

  restore(): void {}
}

/** State of which `inSnapshot` bytes may leave memory, and leave nothing behind. */
class Leaving extends Fixed implements Spillable {
  inSnapshot: number
  /** Pages to be merged, round by round. */
  merges: string[][] = []
  readonly merged: number[] = []
  #pages = 0

  constructor(stateBytes: number, inSnapshot = stateBytes) {
    super(stateBytes)
    this.inSnapshot = inSnapshot
  }

  get spillable(): Spillable {
    return this
  }

  spill(bytes: number): SpillChange {
    const leaving = Math.min(Math.max(0, Math.ceil(bytes)), this.inSnapshot)
    if (leaving === 0) return { write: [], forget: [] }
    this.stateBytes -= leaving
    this.inSnapshot -= leaving
    return { write: [{ name: `page-${this.#pages++}`, bytes: new Uint8Array(leaving) }], forget: [] }
  }

  missing(): readonly string[] {
    return []
  }

  provide(): void {}

  toMerge(): readonly string[] {
    return this.merges[0] ?? []
  }

  merge(pages: readonly Uint8Array[]): SpillChange {
    this.merged.push(pages.length)
    return { write: [], forget: this.merges.shift() ?? [] }
  }
}

type Stages = readonly Readonly<Record<string, Operator>>[]

/** The memory of one worker whose stages these are, and what it asks for. */
class Bench {
  readonly events: HostEvent[] = []
  readonly memory: StateMemory
  readonly client: SpillClient
  readonly #stages: readonly ReadonlyMap<string, Operator>[]
  asked = 0

  constructor(budgetBytes: number, stages: Stages) {
    this.client = new SpillClient({ send: (event) => this.events.push(event), onReady: () => undefined })
    this.memory = new StateMemory({ budgetBytes, workers: 3, client: this.client, onOutgrown: () => this.asked++ })
    this.#stages = stages.map((operators) => new Map(Object.entries(operators)))
    for (const stage of this.#stages) this.memory.adopt(stage)
  }

  fit(stage = 0): void {
    this.memory.fit(this.#stages[stage]!)
  }

  watch(stage = 0): void {
    this.memory.watch(this.#stages[stage]!)
  }

  /** Bytes of each message with state that left memory. */
  get spilled(): readonly number[] {
    return this.events.flatMap((event) => (event.kind === 'spill' ? [event.change.write[0]?.bytes.length ?? 0] : []))
  }
}

describe(`StateMemory (SEED=${seed})`, () => {
  it('gives state that cannot leave memory what it needs, and shares the rest equally', () => {
    const [first, second] = [new Leaving(500), new Leaving(700)]
    const bench = new Bench(1_000, [{ windows: new Fixed(400), first }, { second }])
    bench.fit(0)
    assert.deepEqual([first.stateBytes, second.stateBytes], [300, 700], 'the second stage is not at its barrier yet')
    bench.fit(1)
    assert.deepEqual([first.stateBytes, second.stateBytes], [300, 300])
    assert.deepEqual(bench.spilled, [200, 400])
  })

  it('lets an operator have more than its share while all have room together', () => {
    const [large, small] = [new Leaving(700), new Leaving(100)]
    const bench = new Bench(1_000, [{ large, small }])
    bench.fit()
    bench.watch()
    assert.equal(large.stateBytes, 700)
    small.stateBytes = 400
    bench.watch()
    assert.deepEqual([large.stateBytes, small.stateBytes], [500, 400])
    assert.equal(bench.asked, 0)
  })

  it('counts state that grew and cannot leave from the next barrier on', () => {
    const [windows, unique] = [new Fixed(100), new Leaving(900)]
    const bench = new Bench(1_000, [{ windows }, { unique }])
    bench.fit(1)
    windows.stateBytes = 600
    bench.watch(1)
    assert.equal(unique.stateBytes, 900)
    bench.fit(0)
    bench.watch(1)
    assert.equal(unique.stateBytes, 400)
  })

  it('moves out between barriers what is in a snapshot, and asks for a barrier once where that is not enough', () => {
    const unique = new Leaving(1_000, 0)
    const bench = new Bench(1_000, [{ unique }])
    bench.fit()
    unique.inSnapshot = 300
    unique.stateBytes = 1_200
    bench.watch()
    assert.deepEqual([unique.stateBytes, bench.asked], [1_000, 0])
    unique.stateBytes = 1_500
    bench.watch()
    assert.deepEqual([unique.stateBytes, bench.asked], [1_400, 1], 'a hundred more were in a snapshot')
    unique.stateBytes = 1_600
    bench.watch()
    assert.equal(bench.asked, 1)
    unique.inSnapshot = 1_600
    bench.fit()
    assert.equal(unique.stateBytes, 1_000)
    unique.stateBytes = 1_001
    unique.inSnapshot = 0
    bench.watch()
    assert.equal(bench.asked, 2, 'the next epoch outgrew its memory as well')
  })

  it('ends the job where state that cannot leave memory has no room, before anything else is moved', () => {
    const unique = new Leaving(500)
    const bench = new Bench(1_000, [{ unique, hours: new Fixed(300), days: new Fixed(800) }])
    assert.throws(() => bench.fit(), {
      code: 'MR_STATE_BUDGET',
      details: { operator: 'days', bytes: 1_100, budgetBytes: 1_000 },
    })
    assert.deepEqual(bench.events, [])
  })

  it('ends the job where what stays of state that can leave has no room', () => {
    const bench = new Bench(1_000, [{ windows: new Fixed(300), unique: new Leaving(900, 150) }])
    assert.throws(() => bench.fit(), {
      code: 'MR_STATE_BUDGET',
      message: /operator "unique" takes 750 .*3 workers/,
      details: { operator: 'unique', bytes: 750, budgetBytes: 1_000 },
    })
  })

  it('ends the job where what stays of several operators has no room together', () => {
    const [first, second] = [new Leaving(900, 300), new Leaving(900, 300)]
    const bench = new Bench(1_000, [{ first }, { second }])
    bench.fit(0)
    assert.equal(first.stateBytes, 600, 'it has room as long as the other one can leave')
    assert.throws(() => bench.fit(1), {
      code: 'MR_STATE_BUDGET',
      details: { operator: 'second', bytes: 600, budgetBytes: 1_000 },
    })
  })

  it('leaves the others less where more than its share stays of one', () => {
    const [first, second] = [new Leaving(900, 300), new Leaving(900)]
    const bench = new Bench(1_000, [{ second }, { first }])
    bench.fit(0)
    bench.fit(1)
    assert.deepEqual([second.stateBytes, first.stateBytes], [500, 600])
    bench.watch(0)
    assert.deepEqual([second.stateBytes, first.stateBytes], [400, 600])
    first.inSnapshot = 600
    bench.fit(1)
    assert.equal(first.stateBytes, 600, 'all have room')
    second.stateBytes = 600
    bench.fit(1)
    assert.equal(first.stateBytes, 500, 'what could not leave then can now')
    assert.equal(bench.asked, 0)
  })

  it('merges one round after the other, each with the pages of the one before gone', () => {
    const unique = new Leaving(10)
    unique.merges = [['a', 'b'], ['c']]
    const bench = new Bench(1_000, [{ unique }])
    bench.fit()
    const page = Uint8Array.of(1)
    bench.client.receive({ kind: 'pages', request: 0, pages: [page, page] })
    bench.client.receive({ kind: 'pages', request: 1, pages: [page] })
    assert.deepEqual(bench.events, [
      { kind: 'read', request: 0, names: ['a', 'b'] },
      { kind: 'spill', change: { write: [], forget: ['a', 'b'] } },
      { kind: 'read', request: 1, names: ['c'] },
      { kind: 'spill', change: { write: [], forget: ['c'] } },
    ])
    assert.deepEqual(unique.merged, [2, 1])
  })

  it('holds any state within the budget, moves nothing of who has little, and gives up only where nothing else helps', () => {
    const state = fc.record({ bytes: fc.nat(1_000), staying: fc.double({ min: 0, max: 1, noNaN: true }) })
    fc.assert(
      fc.property(fc.array(fc.nat(600), { maxLength: 3 }), fc.array(state, { minLength: 1, maxLength: 4 }), judge),
      { seed, numRuns: 1_000 },
    )
  })
})

interface State {
  readonly bytes: number
  /** The part that cannot leave. */
  readonly staying: number
}

/** Barriers pass all stages, each with one operator, until it is known of each what stays. */
function judge(fixed: readonly number[], states: readonly State[]): void {
  const budget = 1_000
  const windows = fixed.map((bytes) => new Fixed(bytes))
  const leaving = states.map(({ bytes, staying }) => new Leaving(bytes, bytes - Math.floor(staying * bytes)))
  const operators = [...windows, ...leaving]
  const least = sum(fixed) + sum(leaving.map(({ stateBytes, inSnapshot }) => stateBytes - inSnapshot))
  const before = sum(operators.map(({ stateBytes }) => stateBytes))
  const bench = new Bench(
    budget,
    operators.map((operator, index) => ({ [`operator-${index}`]: operator })),
  )
  const isRefused = fits(bench, operators.length) === 'refused'
  const after = sum(operators.map(({ stateBytes }) => stateBytes))
  assert.equal(after + sum(bench.spilled), before)
  if (before <= budget) assert.deepEqual(bench.spilled, [])
  assert.equal(isRefused, least > budget, `${least} bytes cannot leave`)
  if (isRefused) return
  assert.ok(after <= budget, `${after} bytes are left`)
  const surely = (budget - least) / leaving.length
  for (const [index, { stateBytes }] of leaving.entries()) {
    const { bytes } = states[index]!
    if (bytes <= surely) assert.equal(stateBytes, bytes, 'it has no more than what everyone may have')
  }
}

/** Whether the memory could hold it, barrier after barrier. */
function fits(bench: Bench, stages: number): 'held' | 'refused' {
  try {
    for (let barrier = 0; barrier <= stages; barrier++) {
      for (let stage = 0; stage < stages; stage++) bench.fit(stage)
    }
    return 'held'
  } catch (error) {
    assert.ok(error instanceof MillraceError && error.code === 'MR_STATE_BUDGET', String(error))
    return 'refused'
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
