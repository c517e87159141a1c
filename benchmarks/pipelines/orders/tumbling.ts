import { pipeline } from 'millrace'
import { count, field, filter, keyBy, select, sum, tumbling, window } from 'millrace/operators'
import { countingSink } from '../../orders/counting-sink.ts'
import { orders, RESULTS_PATH } from '../../orders/orders-source.ts'

/** Query `tumbling` of benchmarks/peers. */
export default pipeline('tumbling', ({ from }) => {
  from('orders', orders())
    .pipe(
      filter(field('user_id').gte(0)),
      select({ user_id: field('user_id'), amount_cents: field('amount_cents') }),
      keyBy('user_id'),
      window(tumbling('1m'), { n: count(), total: sum('amount_cents') }),
    )
    .to('results', countingSink({ path: RESULTS_PATH, fields: ['user_id', 'window_start', 'n', 'total'] }))
})
