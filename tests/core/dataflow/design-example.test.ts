import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { delta } from '../../../connectors/delta/index.ts'
import { log } from '../../../connectors/log/index.ts'
import { planOf } from '../../../core/dataflow/plan-of.ts'
import { planText } from '../../../core/dataflow/plan-text.ts'
import { contract, int64, integer, optional, pipeline, string, timestamp } from '../../../core/index.ts'
import { deduplicate, derive, field, filter, utcDate } from '../../../operators/index.ts'

const event = contract(
  'event',
  {
    event_id: string(),
    source_system: string(),
    user_id: optional(int64()),
    event_ts: timestamp(),
    region: string(),
    amount_cents: integer(),
  },
  { eventTime: 'event_ts', unknownFields: 'drop' },
)

describe('the pipeline of the guide', () => {
  it('is planned with the real connectors', () => {
    const eventsCurated = pipeline('events-curated', ({ from }) => {
      const events = from('raw', log({ topic: 'events', contract: event })).pipe(
        filter(field('amount_cents').gt(0)), // or (e) => e.amount_cents > 0
        deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
        derive({ partition_date: utcDate('event_ts') }),
      )
      events.to('curated', delta({ path: 'warehouse/curated', partitionBy: ['partition_date', 'region'] }))
    })
    const plan = planOf(eventsCurated)
    assert.match(planText(plan), /raw {2}.*from log .*curated .*to delta .*raw-dead-letters .*dead letters to log/s)
    assert.deepEqual(
      plan.nodes.map(({ id }) => id),
      ['raw', 'raw-dead-letters', 'raw-filter-1', 'raw-deduplicate-1', 'raw-derive-1', 'curated'],
    )
  })
})
