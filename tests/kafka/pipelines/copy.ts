import { contract, integer, pipeline } from 'millrace'
import { kafka } from 'millrace/connectors/kafka'
import { logTopic } from 'millrace/connectors/log'

const topic = process.env.TEST_TOPIC ?? 'none'
const brokers = process.env.TEST_BROKERS ?? 'localhost:9092'

/** Every record of one topic of Kafka goes to the topic `copy` of a log in the current directory. */
export default pipeline(topic.replaceAll('.', '-'), ({ from }) => {
  from('raw', kafka({ brokers, topics: topic, contract: contract('numbered', { n: integer() }), maxWait: '50ms' })).to(
    'copy',
    logTopic({ topic: 'copy', directory: 'log' }),
  )
})
