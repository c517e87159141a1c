import { contract, int32, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { count, keyBy, tumbling, window } from 'millrace/operators'

const order = contract('order', { id: string(), amount: int32(), at: timestamp() }, { eventTime: 'at' })

export default pipeline('orders-by-id', ({ from }) => {
  from('raw', log({ topic: 'orders', contract: order, directory: 'log' }))
    .pipe(keyBy('id'), window(tumbling('1h'), { n: count() }))
    .to('table', delta({ path: 'table' }))
})
