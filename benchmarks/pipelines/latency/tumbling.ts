import { pipeline } from 'millrace'
import { count, field, keyBy, select, sum, tumbling, window } from 'millrace/operators'
import { ordersInTime, results } from '../../latency/latency-topics.ts'

/** Query `tumbling` of benchmarks/peers with windows of a second, to Kafka. */
export default pipeline('tumbling', ({ from }) => {
  from('orders', ordersInTime())
    .pipe(
      select({ user_id: field('user_id'), amount_cents: field('amount_cents') }),
      keyBy('user_id'),
      window(tumbling('1s'), { n: count(), total: sum('amount_cents') }),
      select({ user_id: field('user_id'), window_start: field('window_start'), n: field('n'), total: field('total') }),
    )
    .to('results', results())
})
