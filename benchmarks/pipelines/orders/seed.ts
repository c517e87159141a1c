import { pipeline } from 'millrace'
import { countingSink } from '../../orders/counting-sink.ts'
import { orders, RESULTS_PATH } from '../../orders/orders-source.ts'
import { paidPerMinute } from '../../orders/query-steps.ts'

/** Query `seed` of benchmarks/peers. */
export default pipeline('seed', ({ from }) => {
  paidPerMinute(from('orders', orders())).to(
    'results',
    countingSink({ path: RESULTS_PATH, fields: ['user_id', 'window_start', 'n', 'total'] }),
  )
})
