import { pipeline } from 'millrace'
import { count, deduplicate, field, filter, keyBy, select, sum, tumbling, window } from 'millrace/operators'
import { countingSink } from '../../orders/counting-sink.ts'
import { orders, RESULTS_PATH } from '../../orders/orders-source.ts'

/** Query `seed` of benchmarks/peers. */
export default pipeline('seed', ({ from }) => {
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
    )
    .to('results', countingSink({ path: RESULTS_PATH, fields: ['user_id', 'window_start', 'n', 'total'] }))
})
