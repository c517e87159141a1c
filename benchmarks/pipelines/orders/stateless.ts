import { pipeline } from 'millrace'
import { field, filter, select } from 'millrace/operators'
import { countingSink } from '../../orders/counting-sink.ts'
import { orders, RESULTS_PATH } from '../../orders/orders-source.ts'

/** Query `stateless` of benchmarks/peers. */
export default pipeline('stateless', ({ from }) => {
  from('orders', orders())
    .pipe(
      filter(field('status').eq('paid')),
      select({
        order_id: field('order_id'),
        user_id: field('user_id'),
        ordered_at: field('ordered_at'),
        amount_cents: field('amount_cents'),
      }),
    )
    .to('results', countingSink({ path: RESULTS_PATH, fields: ['order_id', 'user_id', 'ordered_at', 'amount_cents'] }))
})
