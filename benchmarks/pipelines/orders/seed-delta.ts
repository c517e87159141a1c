import { integer, pipeline } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { derive, utcDate } from 'millrace/operators'
import { orders, TABLE_PATH } from '../../orders/orders-source.ts'
import { paidPerMinute } from '../../orders/query-steps.ts'

/** Query `seed` of benchmarks/peers into a table: a row per user and minute, by day and hour. */
export default pipeline('seed-delta', ({ from }) => {
  paidPerMinute(from('orders', orders()))
    .pipe(
      derive({
        day: utcDate('window_start'),
        hour: [integer(), ({ window_start }) => new Date(window_start).getUTCHours()],
      }),
    )
    .to('minutes', delta({ path: TABLE_PATH, partitionBy: ['day', 'hour'] }))
})
