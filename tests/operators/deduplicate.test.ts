import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Batch } from '../../core/model/batch.ts'
import type { Operator, StateBlock } from '../../core/ports/operator.ts'
import { mergeBlocks } from '../../core/state/merge-blocks.ts'
import { sealed } from '../core/state/encode-block.ts'
import { batchOf, type Event, schema, specOf, start, TTL } from './deduplicate-run.ts'

/** How keys are told apart; `one hash`: all have the same one. */
const MODES = ['by hash', 'exact', 'exact, one hash'] as const
type Mode = (typeof MODES)[number]

describe('deduplicate', () => {
  it('keeps the first record of a key and drops the others, in one batch and over several', () => {
    const run = start()
    run.take(['a', 5], ['b', 5], ['a', 6])
    run.take(['b', 7], ['c', 7])
    assert.deepEqual(run.kept, ['a@5', 'b@5', 'c@7'])
    assert.deepEqual(run.dropped, { duplicate: 2 })
  })

  it('counts the ttl from the kept record, its end included, and duplicates do not prolong it', () => {
    const run = start()
    run.take(['a', 0], ['a', 9], ['a', 10], ['a', 10.001], ['a', 11])
    assert.deepEqual(run.kept, ['a@0', 'a@10.001'])
  })

  it('takes a record before the kept one for a duplicate, too', () => {
    const run = start()
    run.take(['a', 100], ['a', 3])
    assert.deepEqual(run.kept, ['a@100'])
  })

  it('sends a record to the dead letters only when it is more than the ttl behind the watermark', () => {
    const run = start()
    run.operator.onWatermark(20, run.output)
    run.take(['a', 9.999], ['b', 10], ['a', 20])
    assert.deepEqual(run.kept, ['b@10', 'a@20'])
    assert.deepEqual(run.late, ['a@9.999'])
    assert.deepEqual(run.dropped, {})
  })

  it('lets a late record neither count as kept nor change the state', () => {
    const run = start()
    run.operator.onWatermark(20, run.output)
    run.take(['a', 5])
    assert.deepEqual(run.operator.snapshot(), [])
  })

  it('looks only at living rows and leaves dead ones dead', () => {
    const run = start()
    const batch = batchOf([
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ]).select(Int32Array.of(1, 2))
    run.operator.onBatch(batch, run.output)
    assert.deepEqual(run.kept, ['a@2', 'b@3'])
  })

  it('passes a batch of new records on as it is, and none where nothing is left', () => {
    const run = start()
    const batch = batchOf([['a', 1]])
    run.operator.onBatch(batch, run.output)
    run.operator.onBatch(batch, run.output)
    assert.deepEqual(run.batches, [batch])
  })

  for (const mode of MODES) {
    it(`decides as a Map without forgetting would, also when restored in the middle from merged blocks (${mode})`, () => {
      fc.assert(fc.property(runs, (steps) => assert.deepEqual(outcomeOf(steps, mode), expectedOf(steps))))
    })
  }

  it('takes keys with the same hash for one another, but not where it is exact', () => {
    const modes = [{}, { exact: true }]
    const kept = modes.map((options) => {
      const run = start({ ...options, hasOneHash: true })
      run.take(['a', 1], ['b', 2], ['a', 3], ['b', 20])
      return run.kept
    })
    assert.deepEqual(kept, [
      ['a@1', 'b@20'],
      ['a@1', 'b@2', 'b@20'],
    ])
  })

  it('is exact with a key that a function gives, and says where the function fails', () => {
    const spec = specOf({ key: ({ id }) => (id === 'x' ? (assert.fail('no') as never) : [id]), ttl: TTL, exact: true })
    const run = start({ spec, hasOneHash: true })
    run.take(['a', 1], ['b', 2], ['a', 3])
    assert.deepEqual(run.kept, ['a@1', 'b@2'])
    assert.throws(() => run.take(['x', 4]), { code: 'MR_OPERATOR_FAILED' })
  })

  it('asks to forget what no record that is not late could match, and not before', () => {
    const run = start()
    assert.equal(run.operator.horizon, Number.NEGATIVE_INFINITY)
    run.operator.onWatermark(50, run.output)
    assert.equal(run.operator.horizon, 50 - 2 * TTL)
    run.operator.onWatermark(40, run.output)
    assert.equal(run.operator.horizon, 50 - 2 * TTL)
  })

  it('forgets: what is left in memory after a long run is what the last 2 ttl brought, or little more', () => {
    const run = start()
    for (let second = 0; second < 1_000; second++) {
      run.take(...Array.from({ length: 20 }, (_, i): Event => [`${second}-${i}`, second]))
      run.operator.onWatermark(second, run.output)
    }
    const left = run.operator.snapshot().reduce((sum, block) => sum + block.entries, 0)
    assert.equal(run.kept.length, 20_000)
    assert.ok(left < 4 * 20 * 2 * TTL, `${left} of 20000 keys are left`)
  })

  it('refuses a batch without keys, unknown options, fields that do not exist and a ttl that is none', () => {
    const run = start()
    const unkeyed = new Batch({ ...partsOf(batchOf([['a', 1]])) })
    assert.throws(() => run.operator.onBatch(unkeyed, run.output), { code: 'MR_INTERNAL' })
    assert.throws(() => specOf({ key: 'id', ttl: '1h', tll: 1 } as never), {
      code: 'MR_OPTION_UNKNOWN',
      message: /"ttl"/,
    })
    assert.throws(() => specOf({ key: 'id', ttl: '1h', exact: 'yes' as never }), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => specOf({ key: [], ttl: '1h' }), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => specOf({ key: 'id', ttl: '1 hour' as never }), { code: 'MR_OPTION_INVALID' })
    assert.throws(() => specOf({ key: 'ids' as never, ttl: '1h' }).bind(schema), { code: 'MR_FIELD_UNKNOWN' })
  })

  it('describes itself to the plan', () => {
    const spec = specOf({ key: ['id', 'region'], ttl: '24h', id: 'orders-once' })
    assert.equal(spec.id, 'orders-once')
    assert.deepEqual(spec.options, { key: ['id', 'region'], ttlMs: 86_400_000 })
    assert.deepEqual(specOf({ key: 'id', ttl: 5, exact: true }).options, { key: ['id'], ttlMs: 5, exact: true })
    assert.deepEqual(spec.exchange, { kind: 'fields', names: ['id', 'region'] })
    assert.deepEqual(spec.bind(schema).output, schema)
    assert.deepEqual(specOf({ key: (order) => order.id, ttl: 5 }).options, {
      key: { function: '(order) => order.id' },
      ttlMs: 5,
    })
  })
})

type Step =
  | { readonly kind: 'batch'; readonly events: readonly (readonly [key: number, lag: number])[] }
  | { readonly kind: 'advance'; readonly by: number }
  | { readonly kind: 'restart'; readonly merge: boolean }

const runs = fc.array<Step>(
  fc.oneof(
    fc.record({
      kind: fc.constant('batch' as const),
      events: fc.array(fc.tuple(fc.nat(8), fc.integer({ min: -5, max: 14 })), { maxLength: 12 }),
    }),
    fc.record({ kind: fc.constant('advance' as const), by: fc.nat(15) }),
    fc.record({ kind: fc.constant('restart' as const), merge: fc.boolean() }),
  ),
  { maxLength: 60, size: 'max' },
)

interface Outcome {
  readonly kept: string[]
  readonly late: string[]
  duplicates: number
}

function outcomeOf(steps: readonly Step[], mode: Mode): Outcome {
  const options = { exact: mode !== 'by hash', hasOneHash: mode === 'exact, one hash' }
  let run = start(options)
  const outcome: Outcome = { kept: run.kept, late: run.late, duplicates: 0 }
  let stored: readonly StateBlock[] = []
  let now = 0
  let watermark = Number.NEGATIVE_INFINITY
  for (const step of steps) {
    if (step.kind === 'batch') run.take(...eventsAt(now, step.events))
    else if (step.kind === 'advance') {
      now += step.by
      watermark = now
      run.operator.onWatermark(now, run.output)
    } else {
      stored = blocksAfter(step, stored, run.operator)
      run = start({ ...options, before: run })
      for (const block of stored) run.operator.restore(block)
      run.operator.onWatermark(watermark, run.output)
    }
  }
  outcome.duplicates = run.dropped.duplicate ?? 0
  return outcome
}

function blocksAfter(step: Step, stored: readonly StateBlock[], operator: Operator): readonly StateBlock[] {
  const blocks = [...stored, ...sealed(operator.snapshot())]
  return step.kind === 'restart' && step.merge ? sealed(mergedBlocks(blocks, operator.horizon)) : blocks
}

function eventsAt(now: number, events: readonly (readonly [key: number, lag: number])[]): Event[] {
  return events.map(([key, lag]) => [`k${key}`, now - lag])
}

function expectedOf(steps: readonly Step[]): Outcome {
  const outcome: Outcome = { kept: [], late: [], duplicates: 0 }
  const first = new Map<string, number>()
  let now = 0
  let watermark = Number.NEGATIVE_INFINITY
  for (const step of steps) {
    if (step.kind === 'batch')
      for (const event of eventsAt(now, step.events)) judge(event, watermark, { outcome, first })
    if (step.kind !== 'advance') continue
    now += step.by
    watermark = now
  }
  return outcome
}

function judge(
  event: Event,
  watermark: number,
  to: { readonly outcome: Outcome; readonly first: Map<string, number> },
) {
  const [id, time] = event
  if (time < watermark - TTL) to.outcome.late.push(`${id}@${time}`)
  else if (time <= (to.first.get(id) ?? Number.NEGATIVE_INFINITY) + TTL) to.outcome.duplicates++
  else {
    to.first.set(id, time)
    to.outcome.kept.push(`${id}@${time}`)
  }
}

function mergedBlocks(blocks: readonly StateBlock[], horizon: number): StateBlock[] {
  const groups = new Set(blocks.map((block) => block.keyGroup))
  return [...groups].map((keyGroup) => {
    const bytes = mergeBlocks(
      blocks.filter((block) => block.keyGroup === keyGroup).map((block) => block.bytes),
      horizon,
    )
    return { keyGroup, bytes, entries: 0 }
  })
}

function partsOf(batch: Batch) {
  const { columns, rows, selection, system } = batch
  return { schema, columns, rows, selection, system: { ...system, keys: null } }
}
