import { pipeline } from 'millrace'
import { field, filter, select } from 'millrace/operators'
import { ordersInTime, results } from '../../latency/latency-topics.ts'

/** Query `stateless` of benchmarks/peers, to Kafka. */
export default pipeline('stateless', ({ from }) => {
  from('orders', ordersInTime())
    .pipe(
      filter(field('status').eq('paid')),
      select({
        order_id: field('order_id'),
        user_id: field('user_id'),
        ordered_at: field('ordered_at'),
        amount_cents: field('amount_cents'),
      }),
    )
    .to('results', results())
})
