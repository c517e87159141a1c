import { contract, pipeline, string, timestamp } from 'millrace'
import { log, logTopic } from 'millrace/connectors/log'

const order = contract('order', { id: string(), at: timestamp() }, { eventTime: 'at' })

export default pipeline('other', ({ from }) => {
  from('raw', log({ topic: 'orders', contract: order, directory: 'log', deadLetters: 'other.dlq' })).to(
    'copy',
    logTopic({ topic: 'other.copy', directory: 'log' }),
  )
})
