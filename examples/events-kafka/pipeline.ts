import { contract, int64, integer, optional, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { kafka } from 'millrace/connectors/kafka'
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

/** The pipeline of the guide, reading Kafka: refused records go to the topic `events.dlq`. */
export default pipeline('events-kafka', ({ from }) => {
  from('raw', kafka({ brokers: process.env.KAFKA_BROKERS ?? 'localhost:9092', topics: ['events'], contract: event }))
    .pipe(
      filter(field('amount_cents').gt(0)),
      deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
      derive({ partition_date: utcDate('event_ts') }),
    )
    .to('curated', delta({ path: 'warehouse/curated', partitionBy: ['partition_date', 'region'] }))
})
