import { pipeline } from 'millrace'
import { deduplicate, field, select } from 'millrace/operators'
import { countingSink } from '../../orders/counting-sink.ts'
import { orders, RESULTS_PATH } from '../../orders/orders-source.ts'

/** Query `dedupe` of benchmarks/peers. */
export default pipeline('dedupe', ({ from }) => {
  from('orders', orders())
    .pipe(
      select({
        order_id: field('order_id'),
        source_system: field('source_system'),
        ordered_at: field('ordered_at'),
      }),
      deduplicate({ key: ['order_id', 'source_system'], ttl: '1h' }),
    )
    .to('results', countingSink({ path: RESULTS_PATH, fields: ['order_id', 'source_system', 'ordered_at'] }))
})
