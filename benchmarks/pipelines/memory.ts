import { contract, int64, integer, optional, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { deduplicate, derive, utcDate } from 'millrace/operators'

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
  { eventTime: 'event_ts' },
)

/** Events come 40 ms apart in event time: this covers 500,000 of them. */
const TTL = '20000s'

/** Deduplication that has to forget all the time. */
export default pipeline('memory', ({ from }) => {
  from('raw', log({ topic: 'events', contract: event }))
    .pipe(deduplicate({ key: ['event_id', 'source_system'], ttl: TTL }), derive({ day: utcDate('event_ts') }))
    .to('kept', delta({ path: 'warehouse/kept', partitionBy: ['day'] }))
})
