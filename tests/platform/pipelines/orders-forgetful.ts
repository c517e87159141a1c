import { contract, int32, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { field, filter } from 'millrace/operators'

const order = contract('order', { id: string(), amount: int32(), at: timestamp() }, { eventTime: 'at' })

/** The pipeline `orders` without its stateful operator. */
export default pipeline('orders', ({ from }) => {
  from('raw', log({ topic: 'orders', contract: order, directory: 'log' }))
    .pipe(filter(field('amount').gt(0)))
    .to('table', delta({ path: 'table' }))
})
