import { integer, pipeline } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import {
  count,
  deduplicate,
  derive,
  field,
  filter,
  keyBy,
  select,
  sum,
  tumbling,
  utcDate,
  window,
} from 'millrace/operators'
import { orders, TABLE_PATH } from '../../orders/orders-source.ts'

/** Query `seed` of benchmarks/peers into a table: a row per user and minute, by day and hour. */
export default pipeline('seed-delta', ({ from }) => {
  from('orders', orders())
    .pipe(
      filter(field('status').eq('paid')),
      select({
        order_id: field('order_id'),
        source_system: field('source_system'),
        user_id: field('user_id'),
        amount_cents: field('amount_cents'),
      }),
      deduplicate({ key: ['order_id', 'source_system'], ttl: '1h' }),
      select({ user_id: field('user_id'), amount_cents: field('amount_cents') }),
      keyBy('user_id'),
      window(tumbling('1m'), { n: count(), total: sum('amount_cents') }),
      derive({
        day: utcDate('window_start'),
        hour: [integer(), ({ window_start }) => new Date(window_start).getUTCHours()],
      }),
    )
    .to('minutes', delta({ path: TABLE_PATH, partitionBy: ['day', 'hour'] }))
})
