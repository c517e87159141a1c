import { pipeline } from 'millrace'
import { ordersInTime, results } from '../../latency/latency-topics.ts'
import { paidOrders } from '../../orders/query-steps.ts'

/** Query `stateless` of benchmarks/peers, to Kafka. */
export default pipeline('stateless', ({ from }) => {
  paidOrders(from('orders', ordersInTime())).to('results', results())
})
