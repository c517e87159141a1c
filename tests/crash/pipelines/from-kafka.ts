import { pipeline } from 'millrace'
import { kafka } from 'millrace/connectors/kafka'
import { event } from '../../simulation/event-contract.ts'
import { curate, OUT_OF_ORDERNESS } from './curated.ts'

const brokers = process.env.KAFKA_BROKERS ?? 'localhost:9092'
/** Rounds share a broker: each has topics, group and transactions of its own. */
const round = process.env.CRASH_ROUND ?? 'none'
const source = kafka({ brokers, topics: [`events-${round}`], contract: event, outOfOrderness: OUT_OF_ORDERNESS })

export default pipeline(`curated-${round}`, ({ from }) => curate(from('raw', source)))
