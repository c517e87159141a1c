import type { RecordOf, Stream } from 'millrace'
import { count, deduplicate, field, filter, keyBy, select, sum, tumbling, window } from 'millrace/operators'
import type { NEEDED } from './orders-source.ts'

type Orders = Stream<RecordOf<typeof NEEDED>>

/** Query `stateless` of benchmarks/peers, whatever it ends in. */
export function paidOrders(orders: Orders) {
  return orders.pipe(
    filter(field('status').eq('paid')),
    select({
      order_id: field('order_id'),
      user_id: field('user_id'),
      ordered_at: field('ordered_at'),
      amount_cents: field('amount_cents'),
    }),
  )
}

/** Query `seed` of benchmarks/peers, whatever it ends in: a record per user and minute. */
export function paidPerMinute(orders: Orders) {
  return orders.pipe(
    filter(field('status').eq('paid')),
    select({
      order_id: field('order_id'),
      source_system: field('source_system'),
      user_id: field('user_id'),
      amount_cents: field('amount_cents'),
    }),
    deduplicate({ key: ['order_id', 'source_system'], ttl: '1h' }),
    select({ user_id: field('user_id'), amount_cents: field('amount_cents') }),
    keyBy('user_id'),
    window(tumbling('1m'), { n: count(), total: sum('amount_cents') }),
  )
}
