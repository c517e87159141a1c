import { encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import type { KafkaWorld } from '../../connectors/kafka/client-suite/kafka-world.ts'
import { kafkaClientSuite } from '../../connectors/kafka/kafka-client-suite.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { Simulation } from '../simulation-scheduler.ts'
import { simulatedClients } from './simulated-kafka-client.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { SimulatedProducer } from './simulated-producer.ts'

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined }
const CONNECTION = { brokers: ['broker-1:9092'], tls: undefined, sasl: undefined }

function worldOf(seed: number): KafkaWorld {
  const simulation = new Simulation(seed)
  const network = new SimulatedNetwork(simulation)
  const { cluster } = network
  const owner = simulation.incarnation('client')
  const open = simulatedClients(network, owner)
  const clock = new SimulatedClock(simulation, owner)
  let names = 0
  const name = (hint: string): string => `${hint}.${++names}`
  return {
    clock,
    run: (test) => simulation.finish(test(), 1_000_000),
    client: ({ isolation = 'read_committed', maxWaitingBytes = 8_388_608 } = {}) =>
      open({
        connection: CONNECTION,
        clientId: 'tests',
        isolation,
        maxWaitingBytes,
        maxWaitMs: 100,
        clock,
        random: simulation.random.fork(name('client')),
        logger: SILENT,
      }),
    name,
    topic: async (partitions) => cluster.createTopic(name('topic'), partitions).name,
    append: async (place, records) =>
      cluster.append(place, encodeRecordBatch({ baseOffset: 0, codec: 'none', records })),
    appendBatch: async (place, batch) => cluster.append(place, batch),
    producer: async (id) => {
      const producer = new SimulatedProducer(cluster, id)
      return {
        send: async (place, records) => {
          producer.send(place, records)
          return {
            finish: async (end) => {
              producer.finish(end)
              while (producer.isEnding) await clock.after(1)
            },
          }
        },
      }
    },
    deleteRecords: async ({ topic, partition }, before) => cluster.log({ topic, partition }).deleteBefore(before),
    addPartitions: async (topic, count) => cluster.addPartitions(topic, count),
    recreate: async (topic) => {
      cluster.recreateTopic(topic)
    },
    joinGroup: async (group) => cluster.joinGroup(group),
    truncate: async (place, end) => cluster.electUnclean(place, end),
  }
}

for (const seed of [1, 2, 3])
  kafkaClientSuite(`the simulated client (seed ${seed})`, {
    capabilities: { readCommitted: true, topicIdentity: true },
    truncates: true,
    make: async () => worldOf(seed),
  })
