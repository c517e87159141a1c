import { pipeline } from 'millrace'
import { deduplicate } from 'millrace/operators'
import { TTL_MS } from '../large-state/input.ts'
import { Meter } from '../large-state/meter.ts'
import { metered } from '../large-state/metered-operator.ts'
import { meteredSink } from '../large-state/metered-sink.ts'
import { pacedOrders } from '../large-state/paced-source.ts'

/** One per thread. */
const meter = new Meter()

/** Deduplication with many live keys, of orders that come at a given rate. */
export default pipeline('large-state', ({ from }) => {
  from('orders', pacedOrders())
    .pipe(metered(deduplicate({ key: ['order_id'], ttl: `${TTL_MS}ms` }), meter))
    .to('taken', meteredSink(meter))
})
