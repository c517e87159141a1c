import { pipeline } from 'millrace'
import { countingSink } from '../../orders/counting-sink.ts'
import { orders, RESULTS_PATH } from '../../orders/orders-source.ts'
import { paidOrders } from '../../orders/query-steps.ts'

/** Query `stateless` of benchmarks/peers. */
export default pipeline('stateless', ({ from }) => {
  paidOrders(from('orders', orders())).to(
    'results',
    countingSink({ path: RESULTS_PATH, fields: ['order_id', 'user_id', 'ordered_at', 'amount_cents'] }),
  )
})
