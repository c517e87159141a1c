import { contract, integer, string, timestamp } from 'millrace'
import { kafka } from 'millrace/connectors/kafka'

/** Fields that the queries need. */
export const NEEDED = {
  order_id: string(),
  source_system: string(),
  user_id: integer(),
  ordered_at: timestamp(),
  amount_cents: integer(),
  status: string(),
}

/** What the queries need of an order; the other two fields of the JSON are read past. */
export const order = contract('order', NEEDED, { eventTime: 'ordered_at' })

const wholeOrder = contract('order', { ...NEEDED, currency: string(), note: string() }, { eventTime: 'ordered_at' })

/** Where a pipeline of the benchmark leaves its results, below the directory that it runs in. */
export const RESULTS_PATH = 'results.json'

/** Where a pipeline that ends in a table has it, below the same directory. */
export const TABLE_PATH = 'table'

/** The topic that the benchmark says in `BENCHMARK_TOPIC`, on the brokers in `KAFKA_BROKERS`: the same on every thread. */
export function orders() {
  return kafka({ ...topicOfBenchmark(), contract: order })
}

/** The same topic with all fields of the orders. */
export function wholeOrders() {
  return kafka({ ...topicOfBenchmark(), contract: wholeOrder })
}

function topicOfBenchmark() {
  const { KAFKA_BROKERS: brokers = '', BENCHMARK_TOPIC: topic = '' } = process.env
  return { brokers, topics: [topic] }
}
