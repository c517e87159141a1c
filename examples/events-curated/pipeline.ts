import { contract, int64, integer, optional, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { deduplicate, derive, field, filter, utcDate } from 'millrace/operators'

const event = contract(
  'event',
  {
    event_id: string(),
    source_system: string(),
    user_id: optional(int64()),
    event_ts: timestamp(),
    region: string(),
    amount_cents: integer(),
    kind: string(),
    note: string(),
  },
  { eventTime: 'event_ts', unknownFields: 'drop' },
)

/** Raw events in, a curated Delta table out: valid, positive, each event once, partitioned by day and region. */
export default pipeline('events-curated', ({ from }) => {
  from('raw', log({ topic: 'events', contract: event }))
    .pipe(
      filter(field('amount_cents').gt(0)),
      deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
      derive({ partition_date: utcDate('event_ts') }),
    )
    .to('curated', delta({ path: 'warehouse/curated', partitionBy: ['partition_date', 'region'] }))
})
