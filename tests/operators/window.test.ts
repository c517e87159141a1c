import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { StateBlock } from '../../core/ports/operator.ts'
import { merged, sealed } from '../core/state/encode-block.ts'
import { type Event, WindowRun } from './window-run.ts'

describe('window', () => {
  it('gives a result per window and key when the watermark has reached the end of the window, and no sooner', () => {
    const run = new WindowRun()
    run.take(['eu', 0, 2], ['us', 9.999, 3], ['eu', 10, 5], ['eu', 3, 7])
    run.watermark(9.999)
    assert.deepEqual(run.results, [])
    run.watermark(10)
    assert.deepEqual([...run.results].sort(), ['eu 0 2 9', 'us 0 1 3'])
    run.watermark(20)
    assert.deepEqual(run.results.at(-1), 'eu 10 1 5')
    assert.equal(run.recorder.absorbed, 4)
  })

  it('gives results the event time of the last moment of their window, and the origin of its first record', () => {
    const run = new WindowRun()
    run.take(['us', 25], ['eu', 3], ['eu', 4])
    run.watermark(10)
    assert.deepEqual(run.recorder.placed, [
      [{ region: 'eu', window_start: 0, window_end: 10, n: 2, total: 2 }, 9, 3, 1],
    ])
  })

  it('puts times before 1970 into the windows that hold them', () => {
    const run = new WindowRun()
    run.take(['eu', -1], ['eu', -10], ['eu', -10.001])
    run.watermark(0)
    assert.deepEqual(run.results, ['eu -20 1 1', 'eu -10 2 2'])
  })

  it('refuses a record only when its window is final', () => {
    const run = new WindowRun({ lateness: 5 })
    run.take(['eu', 3])
    run.watermark(14.999)
    run.take(['eu', 4])
    assert.deepEqual(run.results, [])
    run.watermark(15)
    assert.deepEqual(run.results, ['eu 0 2 2'])
    run.take(['eu', 9.999], ['eu', 10])
    assert.deepEqual(run.recorder.rejected, ['MR_RECORD_LATE@0'])
    assert.equal(run.recorder.absorbed, 3)
  })

  it('holds the watermark of what follows back by its lateness', () => {
    assert.equal(new WindowRun({ lateness: 5 }).operator.outputDelayMs, 5)
    assert.equal(new WindowRun().operator.outputDelayMs, 0)
  })

  it('takes a missing key for a key of its own', () => {
    const run = new WindowRun()
    run.take([undefined, 1], ['', 1], [undefined, 2])
    run.watermark(10)
    assert.deepEqual([...run.results].sort(), [' 0 1 1', 'undefined 0 2 2'])
  })

  it('emits nothing again of a window that was final in the checkpoint it begins with', () => {
    const before = new WindowRun()
    before.take(['eu', 1], ['eu', 11])
    const blocks = sealed(before.operator.snapshot())
    before.watermark(10)
    const after = new WindowRun({}, { blocks: [...blocks, ...sealed(before.operator.snapshot())], watermark: 10 })
    after.watermark(10)
    after.watermark(20)
    assert.deepEqual(after.results, ['eu 10 1 1'])
  })

  it('hands over only what changed', () => {
    const run = new WindowRun()
    run.take(['eu', 1], ['us', 1], ['eu', 11])
    assert.equal(entriesOf(run.operator.snapshot()), 3)
    assert.equal(entriesOf(run.operator.snapshot()), 0)
    run.take(['us', 2])
    assert.equal(entriesOf(run.operator.snapshot()), 1)
    run.watermark(10)
    assert.equal(entriesOf(run.operator.snapshot()), 0)
  })

  it('calculates as a Map of lists would, also when restored in the middle from merged blocks', () => {
    fc.assert(fc.property(scripts, (steps) => assert.deepEqual(outcomeOf(steps), expectedOf(steps))))
  })
})

type Step =
  | { readonly kind: 'batch'; readonly events: readonly (readonly [key: number, lag: number, amount: number])[] }
  | { readonly kind: 'advance'; readonly by: number }
  | { readonly kind: 'restart'; readonly merge: boolean }

const scripts = fc.array<Step>(
  fc.oneof(
    fc.record({
      kind: fc.constant('batch' as const),
      events: fc.array(fc.tuple(fc.nat(8), fc.integer({ min: -5, max: 14 }), fc.integer({ min: -9, max: 9 })), {
        maxLength: 12,
      }),
    }),
    fc.record({ kind: fc.constant('advance' as const), by: fc.nat(15) }),
    fc.record({ kind: fc.constant('restart' as const), merge: fc.boolean() }),
  ),
  { maxLength: 60, size: 'max' },
)

const LATENESS = 4

interface Outcome {
  readonly results: readonly string[]
  readonly late: number
}

function outcomeOf(steps: readonly Step[]): Outcome {
  const runs = [new WindowRun({ lateness: LATENESS })]
  let blocks: readonly StateBlock[] = []
  let now = 0
  let watermark = Number.NEGATIVE_INFINITY
  for (const step of steps) {
    const run = runs.at(-1)!
    if (step.kind === 'batch') run.take(...step.events.map(([key, lag, n]): Event => [`k${key}`, now - lag, n]))
    else if (step.kind === 'advance') {
      now += step.by
      watermark = now
      run.watermark(now)
    } else {
      blocks = [...blocks, ...sealed(run.operator.snapshot())]
      if (step.merge) blocks = merged(blocks, run.operator.horizon)
      runs.push(new WindowRun({ lateness: LATENESS }, { blocks, watermark }))
    }
  }
  return {
    results: runs.flatMap(({ results }) => results).sort(),
    late: runs.reduce((sum, { recorder }) => sum + recorder.rejected.length, 0),
  }
}

function expectedOf(steps: readonly Step[]): Outcome {
  const reference = new Reference()
  for (const step of steps) {
    if (step.kind === 'batch') for (const event of step.events) reference.take(event)
    else if (step.kind === 'advance') reference.advance(step.by)
  }
  return { results: reference.results.sort(), late: reference.late }
}

/** Windows as a Map of lists. */
class Reference {
  readonly results: string[] = []
  late = 0
  readonly #panes = new Map<string, number[]>()
  #now = 0
  #watermark = Number.NEGATIVE_INFINITY

  take([key, lag, amount]: readonly [key: number, lag: number, amount: number]): void {
    const start = Math.floor((this.#now - lag) / 10) * 10
    const pane = `k${key} ${start}`
    if (start + 10 + LATENESS <= this.#watermark) this.late++
    else this.#panes.set(pane, [...(this.#panes.get(pane) ?? []), amount])
  }

  advance(by: number): void {
    this.#now += by
    this.#watermark = this.#now
    for (const [pane, amounts] of this.#panes) {
      if (Number(pane.split(' ')[1]) + 10 + LATENESS > this.#watermark) continue
      this.results.push(`${pane} ${amounts.length} ${amounts.reduce((a, b) => a + b)}`)
      this.#panes.delete(pane)
    }
  }
}

function entriesOf(blocks: readonly StateBlock[]): number {
  return blocks.reduce((sum, { entries }) => sum + entries, 0)
}
