import { delta } from '../../connectors/delta/index.ts'
import { log, logTopic } from '../../connectors/log/index.ts'
import { pipeline } from '../../core/index.ts'
import { deduplicate, derive, field, filter, keyBy, utcDate } from '../../operators/index.ts'
import { event } from './sources.ts'

/** The pipeline of the guide, with the real connectors: types flow from the contract to the columns of the table. */
export const eventsCurated = pipeline('events-curated', ({ from }) => {
  const events = from('raw', log({ topic: 'events', contract: event })).pipe(
    filter(field('amount_cents').gt(0)),
    deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
    derive({ partition_date: utcDate('event_ts') }),
  )
  events.to('curated', delta({ path: 'warehouse/curated', partitionBy: ['partition_date', 'region'] }))
  events.pipe(keyBy('user_id')).to('by-user', logTopic({ topic: 'by-user' }))
  // @ts-expect-error a partition column names no field
  events.to('typo', delta({ path: 'warehouse/typo', partitionBy: ['partition_day'] }))
})
