import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describePlan, type PlanDescription } from '../../../core/dataflow/logical-plan.ts'
import { type PipelineScope, pipeline } from '../../../core/dataflow/pipeline.ts'
import { assertCompatible, planDifference } from '../../../core/dataflow/plan-difference.ts'
import { planOf } from '../../../core/dataflow/plan-of.ts'
import { storedPlan } from '../../../core/dataflow/stored-plan.ts'
import { type Contract, contract, int64, string } from '../../../core/model/contract.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { count, deduplicate, filter, keyBy, tumbling, window } from '../../../operators/index.ts'
import { fakeSink, fakeSource } from './fake-connectors.ts'

const order = contract('order', { id: string(), user: string(), note: string() })
type Order = typeof order extends Contract<infer T> ? T : never
const source = fakeSource('orders', order)
const sink = <T>() => fakeSink<T>('out')
const once = deduplicate<Order>({ key: 'id', ttl: '1h', id: 'once' })

const planned = (build: (scope: PipelineScope) => void): PlanDescription =>
  describePlan(planOf(pipeline('orders', build)))
const stored = planned(({ from }) => from('raw', source).pipe(once).to('out', sink()))

/** Changes by id, as they look after a checkpoint of `stored` was encoded and read back. */
function changesTo(current: PlanDescription, before: PlanDescription = stored): Record<string, string> {
  const read = storedPlan(JSON.parse(JSON.stringify(before)))
  return Object.fromEntries(planDifference(read, current).map(({ id, change }) => [id, change]))
}

function refusal(current: PlanDescription, before: PlanDescription = stored): MillraceError {
  try {
    assertCompatible(JSON.parse(JSON.stringify(before)), current)
  } catch (error) {
    assert.ok(error instanceof MillraceError)
    return error
  }
  return assert.fail('it was not refused')
}

describe('planDifference', () => {
  it('keeps everything of the same plan', () => {
    assert.deepEqual(changesTo(stored), { raw: 'kept', 'raw-dead-letters': 'kept', once: 'kept', out: 'kept' })
    assertCompatible(stored, stored)
  })

  it('lets stateless operators come and go, and new sources, sinks and stateful operators come', () => {
    const current = planned(({ from }) => {
      const orders = from('raw', source).pipe(
        filter(() => true),
        once,
      )
      orders.to('out', sink())
      orders.pipe(deduplicate({ key: 'user', ttl: '1h', id: 'per-user' })).to('users', sink())
      from('more', source).to('more-out', sink())
    })
    const kept = { raw: 'kept', 'raw-dead-letters': 'kept', once: 'kept', out: 'kept' }
    const added = { 'per-user': 'new', users: 'new', more: 'new', 'more-dead-letters': 'new', 'more-out': 'new' }
    assert.deepEqual(changesTo(current), { ...kept, ...added })
    assertCompatible(stored, current)
  })

  it('says that other options, another contract and a sink that is gone leave the state as it fits', () => {
    const wider = contract('order', { id: string(), user: int64(), extra: string() })
    const current = planned(({ from }) => {
      const longer = deduplicate<{ readonly id: string }>({ key: 'id', ttl: '2h', id: 'once' })
      from('raw', fakeSource('orders', wider)).pipe(longer).to('elsewhere', sink())
    })
    assert.deepEqual(changesTo(current), {
      raw: 'changed',
      'raw-dead-letters': 'kept',
      once: 'changed',
      elsewhere: 'new',
      out: 'dropped',
    })
    const [raw] = planDifference(storedPlan(stored), current)
    assert.equal(raw?.reason, 'contract: +extra, -note, user is now int64')
    assertCompatible(stored, current)
  })

  it('refuses other options that stored state depends on, such as the order of accumulators', () => {
    const exactly = planned(({ from }) =>
      from('raw', source)
        .pipe(deduplicate({ key: 'id', ttl: '1h', id: 'once', exact: true }))
        .to('out', sink()),
    )
    assert.match(refusal(exactly).message, /"once": its exact changed from none to true/)
    const counted = (size: '1m' | '2m', aggregates: Readonly<Record<string, ReturnType<typeof count>>>) =>
      planned(({ from }) =>
        from('raw', source)
          .pipe(keyBy('user'), window(tumbling(size), aggregates, { id: 'per-user' }))
          .to('out', sink()),
      )
    const before = counted('1m', { a: count(), b: count() })
    assertCompatible(JSON.parse(JSON.stringify(before)), counted('1m', { a: count(), b: count() }))
    for (const current of [counted('2m', { a: count(), b: count() }), counted('1m', { b: count(), a: count() })]) {
      assert.equal(refusal(current, before).code, 'MR_PLAN_INCOMPATIBLE')
    }
  })

  it('takes a key function that was only laid out anew for the same one', () => {
    const keyed = (keyOf: (record: { readonly user: string }) => string) =>
      planned(({ from }) =>
        from('raw', source)
          .pipe(deduplicate({ key: keyOf, ttl: '1h', id: 'once' }))
          .to('out', sink()),
      )
    const before = keyed(Function('return (o) => o.user + "a b"')() as () => string)
    const laidOut = keyed(Function('return (o   ) =>\n  o.user + "a b";')() as () => string)
    const another = keyed(Function('return (o) => o.user + "ab"')() as () => string)
    assertCompatible(before, laidOut)
    assert.equal(refusal(another, before).code, 'MR_PLAN_INCOMPATIBLE')
  })
})

describe('assertCompatible', () => {
  it('refuses to lose the state of an operator or the positions of a source', () => {
    const withoutOnce = planned(({ from }) => from('raw', source).to('out', sink()))
    assert.match(refusal(withoutOnce).message, /operator "once": it is gone .* its state would be lost/)
    const withoutRaw = planned(({ from }) => from('other', source).pipe(once).to('out', sink()))
    assert.match(refusal(withoutRaw).message, /source "raw": it is gone .* its positions would be lost/)
    assert.equal(refusal(withoutRaw).code, 'MR_PLAN_INCOMPATIBLE')
  })

  it('refuses another key, also one that an operator has from the exchange before it', () => {
    const other = deduplicate<{ readonly id: string; readonly user: string }>({
      key: ['id', 'user'],
      ttl: '1h',
      id: 'once',
    })
    const current = planned(({ from }) => from('raw', source).pipe(other).to('out', sink()))
    assert.match(refusal(current).message, /key changed from \(id string\) to \(id string, user string\)/)
    assert.equal(refusal(current).code, 'MR_PLAN_INCOMPATIBLE')
  })

  it('refuses a contract that gives the key another type', () => {
    const changed = contract('order', { id: int64(), user: string(), note: string() })
    const current = planned(({ from }) => {
      from('raw', fakeSource('orders', changed))
        .pipe(deduplicate({ key: 'id', ttl: '1h', id: 'once' }))
        .to('out', sink())
    })
    assert.equal(refusal(current).code, 'MR_CONTRACT_CHANGED')
    assert.match(refusal(current).message, /from \(id string\) to \(id int64\)/)
  })

  it('refuses an id that now names something else', () => {
    const otherConnector = planned(({ from }) =>
      from('raw', fakeSource('orders', order, 'memory'))
        .pipe(once)
        .to('out', sink()),
    )
    assert.match(refusal(otherConnector).message, /source "raw": it was log and is memory/)
    const swapped = planned(({ from }) => from('once', source).pipe(keyBy('id')).to('raw', sink()))
    const reasons = refusal(swapped).details.changes
    assert.deepEqual(reasons, [
      { id: 'once', reason: 'the checkpoint knows this id as that of its operator; give it another id' },
      { id: 'raw', reason: 'the checkpoint knows this id as that of its source; give it another id' },
    ])
  })

  it('refuses a plan that it cannot read', () => {
    assert.throws(() => assertCompatible({ nodes: [{ kind: 'actor' }] }, stored), { code: 'MR_STATE_FORMAT' })
  })
})
