import { contract, integer, pipeline } from 'millrace'
import { kafka, kafkaTopic } from 'millrace/connectors/kafka'

const topic = process.env.TEST_TOPIC ?? 'none'
const brokers = process.env.KAFKA_BROKERS ?? 'localhost:9092'

/** One topic goes to another, for what a diagnosis finds after a run. */
export default pipeline(topic.replaceAll('.', '-'), ({ from }) => {
  from('in', kafka({ brokers, topics: topic, contract: contract('numbered', { n: integer() }) })).to(
    'out',
    kafkaTopic({ brokers, topic: `${topic}.out`, createPartitions: 1 }),
  )
})
