import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contract, integer, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { deadLetterTopic, log, logTopic } from 'millrace/connectors/log'
import { deduplicate, derive, filter, keyBy, map, select } from 'millrace/operators'
import { planPipeline } from '../../platform/plan-pipeline.ts'

const order = contract('order', { id: string(), cents: integer(), at: timestamp() }, { eventTime: 'at' })
const source = log({ topic: 'orders', contract: order })

/** As a caller without types: whatever the function would refuse at compile time. */
const untyped = (value: unknown) => value as never

/** Plans a pipeline with one operator that a caller without types made. */
function planWith(operator: () => unknown): unknown {
  return planPipeline(
    pipeline('p', ({ from }) =>
      from('raw', source)
        .pipe(untyped(operator()))
        .to('table', untyped(delta({ path: 'x' }))),
    ),
  )
}

const refusals: readonly { readonly what: string; readonly make: () => unknown; readonly says: RegExp }[] = [
  {
    what: 'an option of contract that does not exist',
    make: () => contract('o', { at: timestamp() }, untyped({ eventTim: 'at' })),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "eventTime"/,
  },
  {
    what: 'an event time that is no field',
    make: () => contract('o', { at: timestamp() }, untyped({ eventTime: 'att' })),
    says: /^MR_CONTRACT_INVALID: .*did you mean "at"/,
  },
  {
    what: 'a field without a type',
    make: () => contract('o', { id: untyped(null) }),
    says: /^MR_CONTRACT_INVALID: .*field "id" has no type/,
  },
  {
    what: 'an option of pipeline',
    make: () => pipeline('p', () => undefined, untyped({ epok: '1s' })),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "epoch"/,
  },
  {
    what: 'an option of log',
    make: () => log(untyped({ topik: 'x', contract: order })),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "topic"/,
  },
  {
    what: 'no options of log',
    make: () => log(untyped(undefined)),
    says: /^MR_OPTION_INVALID: log: it takes an object/,
  },
  {
    what: 'an option of logTopic',
    make: () => logTopic(untyped({ topic: 'x', partition: 3 })),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "partitions"/,
  },
  {
    what: 'an option of deadLetterTopic',
    make: () => deadLetterTopic(untyped({ topik: 'x' })),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "topic"/,
  },
  {
    what: 'an option of delta',
    make: () => delta(untyped({ path: 'x', partitionby: ['id'] })),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "partitionBy"/,
  },
  {
    what: 'no options of delta',
    make: () => delta(untyped(null)),
    says: /^MR_OPTION_INVALID: delta\(\): it takes an object/,
  },
  {
    what: 'an option of deduplicate',
    make: () => planWith(() => deduplicate(untyped({ keys: 'id', ttl: '1h' }))),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "key"/,
  },
  {
    what: 'no options of deduplicate',
    make: () => planWith(() => deduplicate(untyped(undefined))),
    says: /^MR_OPTION_INVALID: deduplicate: it takes an object/,
  },
  {
    what: 'an option of filter',
    make: () => planWith(() => filter(() => true, untyped({ ID: 'x' }))),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "id"/,
  },
  {
    what: 'an option of derive',
    make: () => planWith(() => derive({}, untyped({ Id: 'x' }))),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "id"/,
  },
  {
    what: 'an option of select',
    make: () => planWith(() => select({}, untyped({ Id: 'x' }))),
    says: /^MR_OPTION_UNKNOWN: .*did you mean "id"/,
  },
  {
    what: 'an option of map',
    make: () => planWith(() => map({ id: string() }, () => ({ id: '' }), untyped({ nam: 'x' }))),
    says: /^MR_OPTION_UNKNOWN: /,
  },
  {
    what: 'a key that is no field',
    make: () => planWith(() => keyBy(untyped('idd'))),
    says: /^MR_FIELD_UNKNOWN: .*did you mean "id"/,
  },
  {
    what: 'an operator that is none',
    make: () => planWith(() => 42),
    says: /^MR_PIPELINE_INVALID: /,
  },
]

describe('a definition that cannot work', () => {
  for (const { what, make, says } of refusals) {
    it(`is refused by a code and the nearest word: ${what}`, () => {
      assert.throws(make, (error: unknown) => {
        const { code, message } = error as { readonly code?: unknown; readonly message: string }
        assert.match(`${code}: ${message}`, says)
        return true
      })
    })
  }
})
