import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  decideEpoch,
  type EpochEffect,
  type EpochEvent,
  type EpochState,
  initialEpochState,
} from '../../../core/checkpoint/decide-epoch.ts'

const due: EpochEvent = { kind: 'due' }
const end: EpochEvent = { kind: 'end' }
const reported = (epoch: number): EpochEvent => ({ kind: 'reported', epoch })
const prepared = (epoch: number): EpochEvent => ({ kind: 'prepared', epoch })
const committed = (epoch: number): EpochEvent => ({ kind: 'committed', epoch })

/** Feeds events to a fresh state after epoch 4 with two tasks; gives the effects of each as text. */
function walk(...events: readonly EpochEvent[]): readonly string[] {
  let state = initialEpochState(4, 2)
  return events.map((event) => {
    const decision = decideEpoch(state, event)
    state = decision.state
    return decision.effects.map(textOf).join(', ')
  })
}

function textOf(effect: EpochEffect): string {
  if (effect.kind === 'finish') return 'finish'
  const isFinal = effect.kind === 'inject' && effect.isFinal
  return `${effect.kind} ${effect.epoch}${isFinal ? ' final' : ''}`
}

describe('decideEpoch', () => {
  it('walks one epoch from its barrier to its commit', () => {
    assert.deepEqual(walk(due, reported(5), reported(5), prepared(5), committed(5)), [
      'inject 5',
      '',
      'prepare 5',
      'commit 5',
      '',
    ])
  })

  it('injects the next barrier as soon as the epoch before is prepared, not when it is committed', () => {
    assert.deepEqual(walk(due, due, reported(5), reported(5), prepared(5)), [
      'inject 5',
      '',
      '',
      'prepare 5',
      'commit 5, inject 6',
    ])
  })

  it('makes P3 of the next epoch wait for P6 of this one', () => {
    const events = [due, reported(5), reported(5), prepared(5), due, reported(6), reported(6), committed(5)]
    assert.deepEqual(walk(...events).slice(4), ['inject 6', '', '', 'prepare 6'])
  })

  it('makes one barrier of many that are due while an epoch is open', () => {
    const events = [due, due, due, reported(5), reported(5), prepared(5), reported(6), reported(6), committed(5)]
    assert.deepEqual(walk(...events, prepared(6)).slice(5), ['commit 5, inject 6', '', '', 'prepare 6', 'commit 6'])
  })

  it('ends with one last epoch and finishes when it is committed', () => {
    assert.deepEqual(walk(end, reported(5), reported(5), prepared(5), committed(5)), [
      'inject 5 final',
      '',
      'prepare 5',
      'commit 5',
      'finish',
    ])
  })

  it('ends after the epoch that is open, with one of its own', () => {
    const events = [due, end, reported(5), reported(5), prepared(5), committed(5), reported(6), reported(6)]
    assert.deepEqual(walk(...events, prepared(6), committed(6)).slice(4), [
      'commit 5, inject 6 final',
      '',
      '',
      'prepare 6',
      'commit 6',
      'finish',
    ])
  })

  it('injects nothing any more once the last barrier is out, however often it is due or asked to end', () => {
    assert.deepEqual(walk(end, end, due, reported(5), due, reported(5), prepared(5), due, committed(5), due, end), [
      'inject 5 final',
      '',
      '',
      '',
      '',
      'prepare 5',
      'commit 5',
      '',
      'finish',
      '',
      '',
    ])
  })

  const misfits: readonly (readonly [string, readonly EpochEvent[]])[] = [
    ['a report without a barrier', [reported(5)]],
    ['a report of another epoch', [due, reported(4)]],
    [
      'more reports than tasks',
      [due, reported(5), reported(5), prepared(5), due, reported(6), reported(6), reported(6)],
    ],
    ['a report after all have come', [due, reported(5), reported(5), reported(5)]],
    ['a prepared epoch that was not to be prepared', [due, prepared(5)]],
    ['a prepared epoch of another number', [due, reported(5), reported(5), prepared(6)]],
    ['a commit of an epoch that is not prepared', [due, reported(5), reported(5), committed(5)]],
    ['a second commit of one epoch', [due, reported(5), reported(5), prepared(5), committed(5), committed(5)]],
  ]
  for (const [title, events] of misfits) {
    it(`refuses ${title}`, () => {
      assert.throws(() => walk(...events), { code: 'MR_INTERNAL', message: /does not fit/ })
    })
  }

  it('keeps the order of all steps in every sequence of events that may happen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(1000), { maxLength: 200 }), (tasks, choices) => {
        const world = new World(tasks)
        for (const choice of choices) world.step(choice)
        world.drain()
      }),
    )
  })
})

/** Performs effects as a coordinator does, one at a time, and checks each against the rules of the protocol. */
class World {
  readonly #tasks: number
  #state: EpochState
  #injected = 0
  #prepared = 0
  #committed = 0
  #finished = 0
  #toReport = 0
  #running: EpochEffect[] = []

  constructor(tasks: number) {
    this.#tasks = tasks
    this.#state = initialEpochState(0, tasks)
  }

  step(choice: number): void {
    const possible = this.#possible(choice % 50 === 0)
    this.#feed(possible[choice % possible.length]!)
  }

  /** Ends the job; it must finish exactly once, with nothing open. */
  drain(): void {
    this.#feed(end)
    for (let event = this.#next(); event !== undefined; event = this.#next()) this.#feed(event)
    assert.equal(this.#finished, 1)
    assert.equal(this.#committed, this.#injected)
  }

  #possible(mayEnd: boolean): readonly EpochEvent[] {
    const next = this.#next()
    return [due, ...(next === undefined ? [] : [next, this.#report() ?? next]), ...(mayEnd ? [end] : [])]
  }

  #next(): EpochEvent | undefined {
    const running = this.#running[0]
    if (running?.kind === 'prepare') return prepared(running.epoch)
    if (running?.kind === 'commit') return committed(running.epoch)
    return this.#report()
  }

  #report(): EpochEvent | undefined {
    return this.#toReport > 0 ? reported(this.#injected) : undefined
  }

  #feed(event: EpochEvent): void {
    if (event.kind === 'reported') this.#toReport--
    if (event.kind === 'prepared') this.#prepared = event.epoch
    if (event.kind === 'committed') this.#committed = event.epoch
    if (event.kind === 'prepared' || event.kind === 'committed') this.#running.shift()
    const { state, effects } = decideEpoch(this.#state, event)
    this.#state = state
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: EpochEffect): void {
    switch (effect.kind) {
      case 'inject':
        assert.equal(effect.epoch, this.#injected + 1, 'no epoch is skipped')
        assert.equal(this.#prepared, this.#injected, 'barrier N+1 comes after P3(N)')
        this.#injected = effect.epoch
        this.#toReport = this.#tasks
        return
      case 'prepare':
        assert.equal(effect.epoch, this.#prepared + 1, 'epochs are prepared in order')
        assert.equal(this.#committed, this.#prepared, 'P3(N+1) comes after P6(N)')
        assert.equal(this.#toReport, 0, 'all tasks reported')
        this.#running.push(effect)
        return
      case 'commit':
        assert.equal(effect.epoch, this.#prepared, 'what is committed is prepared')
        this.#running.push(effect)
        return
      case 'finish':
        assert.equal(this.#committed, this.#injected, 'nothing is open at the end')
        this.#finished++
    }
  }
}
