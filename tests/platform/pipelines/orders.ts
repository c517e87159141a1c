import { contract, int32, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { deduplicate, field, filter } from 'millrace/operators'

const order = contract('order', { id: string(), amount: int32(), at: timestamp() }, { eventTime: 'at' })

export default pipeline('orders', ({ from }) => {
  from('raw', log({ topic: 'orders', contract: order, directory: 'log' }))
    .pipe(filter(field('amount').gt(0)), deduplicate({ key: 'id', ttl: '24h' }))
    .to('table', delta({ path: 'table' }))
})
