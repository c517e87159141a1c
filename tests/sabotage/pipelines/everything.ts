import { contract, int64, optional, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log, logTopic } from 'millrace/connectors/log'
import { deduplicate, field, filter } from 'millrace/operators'

const order = contract(
  'order',
  { id: string(), region: string(), cents: int64(), note: optional(string()), at: timestamp() },
  { eventTime: 'at' },
)

export default pipeline('everything', ({ from }) => {
  const orders = from('raw', log({ topic: 'orders', contract: order, directory: 'log' })).pipe(
    filter(field('cents').gt(0n)),
    deduplicate({ key: 'id', ttl: '1h' }),
  )
  orders.to('table', delta({ path: 'table', partitionBy: ['region'] }))
  orders.to('copy', logTopic({ topic: 'copy', directory: 'log' }))
})
