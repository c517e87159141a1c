import { pipeline } from 'millrace'
import { count, deduplicate, field, filter, keyBy, sum, tumbling, window } from 'millrace/operators'
import { countingSink } from '../../orders/counting-sink.ts'
import { orders, RESULTS_PATH } from '../../orders/orders-source.ts'

/** Query `seed` of benchmarks/peers. */
export default pipeline('seed', ({ from }) => {
  from('orders', orders())
    .pipe(
      filter(field('status').eq('paid')),
      deduplicate({ key: ['order_id', 'source_system'], ttl: '1h' }),
      keyBy('user_id'),
      window(tumbling('1m'), { n: count(), total: sum('amount_cents') }),
    )
    .to('results', countingSink({ path: RESULTS_PATH, fields: ['user_id', 'window_start', 'n', 'total'] }))
})
