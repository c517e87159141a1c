import { kafka, kafkaTopic } from 'millrace/connectors/kafka'
import { order } from '../orders/orders-source.ts'

const { KAFKA_BROKERS: brokers = '', BENCHMARK_TOPIC: input = '', BENCHMARK_OUTPUT: output = '' } = process.env

/** Orders of the topic in `BENCHMARK_TOPIC` that are never behind those before them. */
export function ordersInTime() {
  return kafka({ brokers, topics: [input], contract: order, outOfOrderness: 0 })
}

/** The topic in `BENCHMARK_OUTPUT`, in which records are as they come. */
export function results<T>() {
  return kafkaTopic<T>({ brokers, topic: output, delivery: 'at-least-once' })
}
