import { contract, int32, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { deduplicate, derive, field, filter } from 'millrace/operators'

const flight = contract(
  'flight',
  {
    /** Departure by the clock of the airport, written as if it were UTC. */
    date: timestamp(),
    delay: int32(),
    distance: int32(),
    origin: string(),
    destination: string(),
  },
  { eventTime: 'date' },
)

/** Delays of more than a quarter of an hour, each (date, origin, destination) once, as a Delta table by month. */
export default pipeline('flights', ({ from }) => {
  from('flights', log({ topic: 'flights', contract: flight }))
    .pipe(
      filter(field('delay').gt(15)),
      deduplicate({ key: ['date', 'origin', 'destination'], ttl: '24h' }),
      derive({ month: [string(), ({ date }) => new Date(date).toISOString().slice(0, 7)] }),
    )
    .to('delayed', delta({ path: 'warehouse/flights', partitionBy: ['month'] }))
})
