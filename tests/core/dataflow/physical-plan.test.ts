import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { physicalPlan, type StageStep } from '../../../core/dataflow/physical-plan.ts'
import { type PipelineScope, pipeline } from '../../../core/dataflow/pipeline.ts'
import { planOf } from '../../../core/dataflow/plan-of.ts'
import type { Contract } from '../../../core/model/contract.ts'
import type { OperatorFunction } from '../../../core/ports/operator.ts'
import { deduplicate, derive, field, filter, keyBy, utcDate } from '../../../operators/index.ts'
import { event, fakeSink, fakeSource } from './fake-connectors.ts'

type Event = typeof event extends Contract<infer T> ? T : never

const planned = (build: (scope: PipelineScope) => void) => planOf(pipeline('test', build, { keyGroups: 16 }))

describe('physicalPlan', () => {
  it('cuts the graph at its exchanges: the operator with the exchange begins the next stage', () => {
    const plan = planned(({ from }) => {
      const events = from('raw', fakeSource('events', event)).pipe(
        filter(field('amount_cents').gt(0)),
        deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
        derive({ day: utcDate('event_ts') }),
      )
      events.to('curated', fakeSink('curated'))
      events.pipe(keyBy('user_id')).to('by-user', fakeSink('by-user'))
    })
    const keyed = plan.specs.operators.get('raw-key-by-1')
    assert.deepEqual(physicalPlan(plan), {
      keyGroups: 16,
      stages: [
        {
          index: 0,
          input: { kind: 'source', source: 'raw', schema: event.schema },
          steps: [
            {
              kind: 'operator',
              id: 'raw-filter-1',
              next: [{ kind: 'exchange', exchange: 'raw-deduplicate-1', toStage: 1 }],
            },
          ],
        },
        {
          index: 1,
          input: {
            kind: 'exchange',
            exchange: 'raw-deduplicate-1',
            fromStage: 0,
            schema: event.schema,
            keys: { kind: 'fields', names: ['event_id', 'source_system'] },
          },
          steps: [
            {
              kind: 'operator',
              id: 'raw-deduplicate-1',
              next: [
                {
                  kind: 'operator',
                  id: 'raw-derive-1',
                  next: [
                    { kind: 'sink', id: 'curated' },
                    { kind: 'exchange', exchange: 'raw-key-by-1', toStage: 2 },
                  ],
                },
              ],
            },
          ],
        },
        {
          index: 2,
          input: {
            kind: 'exchange',
            exchange: 'raw-key-by-1',
            fromStage: 1,
            schema: keyed?.input,
            keys: { kind: 'fields', names: ['user_id'] },
          },
          steps: [{ kind: 'operator', id: 'raw-key-by-1', next: [{ kind: 'sink', id: 'by-user' }] }],
        },
      ],
    })
  })

  it('gives every source a stage of its own, and a sink on a source no operator', () => {
    const { stages } = physicalPlan(
      planned(({ from }) => {
        from('a', fakeSource('a', event)).to('out-a', fakeSink('a'))
        from('b', fakeSource('b', event)).to('out-b', fakeSink('b'))
      }),
    )
    assert.deepEqual(
      stages.map(({ index, steps }) => [index, steps]),
      [
        [0, [{ kind: 'sink', id: 'out-a' }]],
        [1, [{ kind: 'sink', id: 'out-b' }]],
      ],
    )
  })

  it('places every operator and record sink in exactly one stage, and every exchange once, upstream first', () => {
    const step = fc.constantFrom<OperatorFunction<Event, Event>>(
      filter(() => true),
      keyBy(() => 'x'),
    )
    const branches = fc.array(fc.array(step, { maxLength: 5 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(branches, (drawn) => {
        const plan = planned(({ from }) => {
          const raw = from('raw', fakeSource('raw', event))
          drawn.forEach((steps, index) => {
            steps.reduce((stream, next) => stream.pipe(next), raw).to(`out-${index}`, fakeSink('out'))
          })
        })
        const { stages } = physicalPlan(plan)
        const placed: string[] = []
        for (const { index, steps } of stages) {
          const visit = (current: StageStep): void => {
            if (current.kind === 'exchange') {
              const target = stages[current.toStage]?.input
              assert.ok(current.toStage > index && target?.kind === 'exchange')
              assert.deepEqual([target.exchange, target.fromStage], [current.exchange, index])
            } else placed.push(current.id)
            if (current.kind === 'operator') current.next.forEach(visit)
          }
          steps.forEach(visit)
        }
        const expected = plan.nodes.filter(
          (node) => node.kind === 'operator' || (node.kind === 'sink' && node.takes === 'records'),
        )
        assert.deepEqual(placed.sort(), expected.map(({ id }) => id).sort())
      }),
    )
  })
})
