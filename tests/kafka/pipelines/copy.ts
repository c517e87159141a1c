import { contract, integer, pipeline } from 'millrace'
import { type KafkaClientChoice, kafka } from 'millrace/connectors/kafka'
import { logTopic } from 'millrace/connectors/log'

// The query of the module's address says what to read.
const asked = new URL(import.meta.url).searchParams
const topics = asked.get('topic') ?? ''
const brokers = asked.get('brokers') ?? ''
const client = (asked.get('client') ?? 'platformatic') as KafkaClientChoice

/** Every record of one topic of Kafka goes to the topic `copy` of a log in the current directory. */
export default pipeline(topics.replaceAll('.', '-'), ({ from }) => {
  const numbered = contract('numbered', { n: integer() })
  from('raw', kafka({ brokers, topics, client, contract: numbered, maxWait: '50ms' })).to(
    'copy',
    logTopic({ topic: 'copy', directory: 'log' }),
  )
})
