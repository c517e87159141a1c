import { contract, integer, pipeline } from 'millrace'
import { kafka, kafkaTopic } from 'millrace/connectors/kafka'

const prefix = process.env.TEST_TOPICS ?? 'none'
const brokers = process.env.KAFKA_BROKERS ?? 'localhost:9092'

/** Every record of every topic whose name begins with the prefix goes to one topic. */
export default pipeline(prefix, ({ from }) => {
  from(
    'all',
    kafka({
      brokers,
      topics: new RegExp(`${prefix}-in-[0-9]+`),
      contract: contract('numbered', { n: integer() }),
      start: 'latest',
      maxWait: '50ms',
    }),
  ).to('out', kafkaTopic({ brokers, topic: `${prefix}-out`, createPartitions: 1 }))
})
