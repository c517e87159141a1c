import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type PipelineOptions, pipeline } from '../../../core/dataflow/pipeline.ts'
import { canonicalText, planDigest } from '../../../core/dataflow/plan-digest.ts'
import { planOf } from '../../../core/dataflow/plan-of.ts'
import { field, filter } from '../../../operators/index.ts'
import { event, fakeSink, fakeSource } from './fake-connectors.ts'

type Predicate = Parameters<typeof filter<{ readonly amount_cents: number }>>[0]

function digestWith(predicate: Predicate, options: PipelineOptions = {}, path = 'out'): string {
  const built = pipeline(
    'test',
    ({ from }) => from('raw', fakeSource('raw', event)).pipe(filter(predicate)).to('out', fakeSink(path)),
    options,
  )
  return planDigest(planOf(built))
}

describe('planDigest', () => {
  it('is 32 hex digits, and the same for the same plan built twice', () => {
    const digest = digestWith(field('amount_cents').gt(0))
    assert.match(digest, /^[0-9a-f]{32}$/)
    assert.equal(digestWith(field('amount_cents').gt(0)), digest)
  })

  it('differs with an expression, the source of a function, an option and a setting', () => {
    const digests = [
      digestWith(field('amount_cents').gt(0)),
      digestWith(field('amount_cents').gt(1)),
      digestWith((e) => e.amount_cents > 0),
      digestWith((e) => e.amount_cents > 1),
      digestWith(field('amount_cents').gt(0), { keyGroups: 128 }),
      digestWith(field('amount_cents').gt(0), { version: '2' }),
      digestWith(field('amount_cents').gt(0), {}, 'elsewhere'),
    ]
    assert.equal(new Set(digests).size, digests.length)
  })
})

describe('canonicalText', () => {
  it('does not depend on the order of keys, and leaves undefined out', () => {
    assert.equal(canonicalText({ b: [1, null], a: { d: 'x', c: undefined } }), '{"a":{"d":"x"},"b":[1,null]}')
    assert.equal(
      canonicalText({ a: { c: undefined, d: 'x' }, b: [1, null] }),
      canonicalText({ b: [1, null], a: { d: 'x' } }),
    )
  })
})
