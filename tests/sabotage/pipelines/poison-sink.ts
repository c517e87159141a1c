import { contract, date, float64, int32, optional, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log, logTopic } from 'millrace/connectors/log'
import { derive } from 'millrace/operators'

const order = contract(
  'order',
  { id: string(), region: optional(string()), due: optional(date()), parts: int32(), at: timestamp() },
  { eventTime: 'at' },
)

/** The table cannot have every region and due time, the topic no share that is not finite. */
export default pipeline('poison-sink', ({ from }) => {
  const orders = from('raw', log({ topic: 'orders', contract: order, directory: 'log' })).pipe(
    derive({ share: [float64(), ({ parts }) => (parts < 0 ? Number.NaN : 1 / parts)] }),
  )
  orders.to('table', delta({ path: 'table', partitionBy: ['region', 'due'] }))
  orders.to('copy', logTopic({ topic: 'copy', directory: 'log' }))
})
