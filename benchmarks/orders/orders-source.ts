import { contract, integer, string, timestamp } from 'millrace'
import { kafka } from 'millrace/connectors/kafka'

/** What the queries need of an order; the other two fields of the JSON are read past. */
const order = contract(
  'order',
  {
    order_id: string(),
    source_system: string(),
    user_id: integer(),
    ordered_at: timestamp(),
    amount_cents: integer(),
    status: string(),
  },
  { eventTime: 'ordered_at' },
)

/** Where a pipeline of the benchmark leaves its results, below the directory that it runs in. */
export const RESULTS_PATH = 'results.json'

/** The topic that the benchmark says in `BENCHMARK_TOPIC`, on the brokers in `KAFKA_BROKERS`: the same on every thread. */
export function orders() {
  const { KAFKA_BROKERS: brokers = '', BENCHMARK_TOPIC: topic = '' } = process.env
  return kafka({ brokers, topics: [topic], contract: order })
}
