import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describePlan, type LogicalPlan } from '../../../core/dataflow/logical-plan.ts'
import { isPipeline, type PipelineScope, pipeline } from '../../../core/dataflow/pipeline.ts'
import { planOf } from '../../../core/dataflow/plan-of.ts'
import type { Schema } from '../../../core/model/field-type.ts'
import { deduplicate, derive, field, filter, keyBy, utcDate } from '../../../operators/index.ts'
import { event, fakeDeadLetters, fakeSink, fakeSource } from './fake-connectors.ts'

const idsOf = (plan: LogicalPlan) => plan.nodes.map(({ id }) => id)
const planned = (build: (scope: PipelineScope) => void) => planOf(pipeline('test', build))

const curated = pipeline('events-curated', ({ from }) => {
  const events = from('raw', fakeSource('events', event)).pipe(
    filter(field('amount_cents').gt(0)),
    deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
    derive({ partition_date: utcDate('event_ts') }),
  )
  events.to('curated', fakeSink('warehouse/curated'))
})

describe('pipeline', () => {
  it('is a frozen value that is recognised and can be planned any number of times', () => {
    assert.ok(Object.isFrozen(curated) && isPipeline(curated) && !isPipeline({ name: 'x' }) && !isPipeline(undefined))
    assert.deepEqual(describePlan(planOf(curated)), describePlan(planOf(curated)))
  })

  it('has defaults, and refuses bad names, unknown options and impossible values', () => {
    const build = () => undefined
    assert.deepEqual(curated.settings, { version: null, epochMs: null, keyGroups: 256, stateDirectory: null })
    const given = { version: '2', epoch: '5s', keyGroups: 64, stateDirectory: 'state' } as const
    assert.deepEqual(pipeline('a', build, given).settings, {
      version: '2',
      epochMs: 5_000,
      keyGroups: 64,
      stateDirectory: 'state',
    })
    for (const name of ['', 'Events', '-a', 'a/b', 'a'.repeat(65)]) {
      assert.throws(() => pipeline(name, build), { code: 'MR_OPTION_INVALID', message: /pipeline/ })
    }
    assert.throws(() => pipeline('a', build, { epoc: '1s' } as never), {
      code: 'MR_OPTION_UNKNOWN',
      message: /"epoch"/,
    })
    assert.throws(() => pipeline('a', undefined as never), { code: 'MR_OPTION_INVALID' })
    for (const options of [
      { keyGroups: 100 },
      { keyGroups: 65_536 },
      { epoch: 0 },
      { version: '' },
      { stateDirectory: '' },
    ]) {
      assert.throws(() => pipeline('a', build, options), { code: 'MR_OPTION_INVALID' })
    }
  })
})

describe('planOf', () => {
  it('gives plain data: it survives structured cloning and JSON', () => {
    const description = describePlan(planOf(curated))
    assert.deepEqual(structuredClone(description), description)
    assert.deepEqual(JSON.parse(JSON.stringify(description)), description)
  })

  it('derives ids from source, name and ordinal, and has the live spec of each', () => {
    const plan = planOf(curated)
    assert.deepEqual(idsOf(plan), [
      'raw',
      'raw-dead-letters',
      'raw-filter-1',
      'raw-deduplicate-1',
      'raw-derive-1',
      'curated',
    ])
    assert.deepEqual([...plan.specs.operators.keys()], ['raw-filter-1', 'raw-deduplicate-1', 'raw-derive-1'])
    assert.deepEqual(
      [...plan.specs.sources.keys(), ...plan.specs.sinks.keys(), ...plan.specs.deadLetters.keys()],
      ['raw', 'curated', 'raw-dead-letters'],
    )
  })

  it('keeps the id of an operator when others of another name come and go', () => {
    const plan = planned(({ from }) => {
      from('raw', fakeSource('events', event))
        .pipe(
          deduplicate({ key: 'event_id', ttl: '1h' }),
          filter(field('amount_cents').gt(0)),
          deduplicate({ key: 'region', ttl: '1h' }),
        )
        .to('out', fakeSink('out'))
    })
    assert.deepEqual(idsOf(plan).slice(2, 5), ['raw-deduplicate-1', 'raw-filter-1', 'raw-deduplicate-2'])
  })

  it('tells stateless operators of two branches apart, but asks for ids where state depends on them', () => {
    const twice = (make: () => ReturnType<typeof deduplicate<never>>) =>
      planned(({ from }) => {
        const raw = from('raw', fakeSource('events', event))
        raw.pipe(make() as never).to('a', fakeSink('a'))
        raw.pipe(make() as never).to('b', fakeSink('b'))
      })
    assert.deepEqual(idsOf(twice(() => filter(() => true))), [
      'raw',
      'raw-dead-letters',
      'raw-filter-1',
      'a',
      'raw-filter-1-2',
      'b',
    ])
    assert.throws(() => twice(() => deduplicate({ key: 'event_id' as never, ttl: '1h' })), {
      code: 'MR_PLAN_DUPLICATE_ID',
      message: /"raw-deduplicate-1"/,
    })
  })

  it('refuses an id that is taken by anything else', () => {
    const raw = fakeSource('events', event)
    assert.throws(() => planned(({ from }) => from('raw', raw).to('raw', fakeSink('a'))), {
      code: 'MR_PLAN_DUPLICATE_ID',
    })
    const named = ({ from }: PipelineScope) =>
      from('raw', raw)
        .pipe(filter(() => true, { id: 'x' }))
        .to('x', fakeSink('a'))
    assert.throws(() => planned(named), { code: 'MR_PLAN_DUPLICATE_ID' })
    assert.throws(() => planned(({ from }) => from('raw', raw).to('Out', fakeSink('a'))), { code: 'MR_OPTION_INVALID' })
  })

  it('knows the key that each operator works on, its own or that of the exchange before it', () => {
    const plan = planned(({ from }) => {
      from('raw', fakeSource('events', event))
        .pipe(
          filter(() => true),
          keyBy(['user_id', 'region']),
          filter(() => true),
        )
        .to('out', fakeSink('out'))
    })
    const fields = [
      { name: 'user_id', type: 'int64' },
      { name: 'region', type: 'string' },
    ]
    const operators = plan.nodes.filter((node) => node.kind === 'operator')
    assert.deepEqual(
      operators.map(({ id, exchange, keyedBy }) => [id, exchange, keyedBy]),
      [
        ['raw-filter-1', false, null],
        ['raw-key-by-1', true, { kind: 'fields', fields }],
        ['raw-filter-2', false, { kind: 'fields', fields }],
      ],
    )
  })

  it('hands each sink the schema of its stream to check', () => {
    const checked: Schema[] = []
    planned(({ from }) => {
      const raw = from('raw', fakeSource('events', event))
      raw.pipe(derive({ day: utcDate('event_ts') })).to('out', fakeSink('out', checked))
      raw.to('plain', fakeSink('plain', checked))
    })
    assert.deepEqual(
      checked.map(({ fields }) => fields.at(-1)?.name),
      ['day', 'amount_cents'],
    )
  })

  it('takes other dead letters where from() names them', () => {
    const plan = planned(({ from }) =>
      from('raw', fakeSource('events', event), { deadLetters: fakeDeadLetters('mine') }).to('out', fakeSink('out')),
    )
    assert.deepEqual(plan.nodes[1], {
      kind: 'sink',
      takes: 'dead-letters',
      id: 'raw-dead-letters',
      connector: 'log',
      upstream: 'raw',
      options: { topic: 'mine' },
      epochMs: 1_000,
    })
    assert.throws(() => planned(({ from }) => from('raw', fakeSource('events', event), { deadLetter: 1 } as never)), {
      code: 'MR_OPTION_UNKNOWN',
    })
  })

  it('refuses graphs that are not complete', () => {
    const raw = fakeSource('events', event)
    const invalid: readonly (readonly [RegExp, (scope: PipelineScope) => unknown])[] = [
      [/no source/, () => undefined],
      [/no sink/, ({ from }) => from('raw', raw)],
      [/source "b" go nowhere/, ({ from }) => [from('a', raw).to('out', fakeSink('a')), from('b', raw)]],
      [/needs a source/, ({ from }) => from('a', fakeSink('a') as never)],
      [/needs a sink/, ({ from }) => from('a', raw).to('b', raw as never)],
      [/must not be async/, async ({ from }) => from('a', raw).to('out', fakeSink('a'))],
      [/returned no stream/, ({ from }) => from('a', raw).pipe((() => undefined) as never)],
    ]
    for (const [message, build] of invalid) {
      assert.throws(() => planned(build as never), { code: 'MR_PIPELINE_INVALID', message })
    }
  })

  it('refuses a branch that ends nowhere, and what is declared after the function has returned', () => {
    let kept: PipelineScope | undefined
    const raw = fakeSource('events', event)
    const dangling = ({ from }: PipelineScope) => {
      const stream = from('a', raw)
      stream.pipe(filter(() => true))
      stream.to('out', fakeSink('out'))
    }
    assert.throws(() => planned(dangling), { code: 'MR_PIPELINE_INVALID', message: /"a-filter-1" go nowhere/ })
    planned((scope) => {
      kept = scope
      scope.from('a', raw).to('out', fakeSink('out'))
    })
    assert.throws(() => kept?.from('late', raw), {
      code: 'MR_PIPELINE_INVALID',
      message: /after the pipeline's function/,
    })
  })
})
