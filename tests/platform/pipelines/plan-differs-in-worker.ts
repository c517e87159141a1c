import { isMainThread } from 'node:worker_threads'
import { contract, int32, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { field, filter } from 'millrace/operators'

const order = contract('order', { id: string(), amount: int32(), at: timestamp() }, { eventTime: 'at' })

/** Builds another plan on each kind of thread. */
export default pipeline('plan-differs-in-worker', ({ from }) => {
  from('raw', log({ topic: 'orders', contract: order, directory: 'log' }))
    .pipe(filter(field('amount').gt(isMainThread ? 0 : 1)))
    .to('table', delta({ path: 'table' }))
})
