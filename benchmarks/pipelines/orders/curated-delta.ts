import { pipeline } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { deduplicate, derive, field, filter, utcDate } from 'millrace/operators'
import { TABLE_PATH, wholeOrders } from '../../orders/orders-source.ts'

/** What is left of the orders in a table, with all of their fields: valid, paid, each once, by day and source system. */
export default pipeline('curated-delta', ({ from }) => {
  from('orders', wholeOrders())
    .pipe(
      filter(field('status').eq('paid')),
      deduplicate({ key: ['order_id', 'source_system'], ttl: '1h' }),
      derive({ day: utcDate('ordered_at') }),
    )
    .to('curated', delta({ path: TABLE_PATH, partitionBy: ['day', 'source_system'] }))
})
