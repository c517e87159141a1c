// The same with kafkajs, in its cheapest shape: eachBatch, no commits.
import { lz4Decompress } from '@platformatic/wasm-utils'
import kafkajs from 'kafkajs'
import { ConsumeMeter } from './measure.ts'

const [brokers = '', topic = '', expected = '0'] = process.argv.slice(2)
const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: () => Promise.reject(new Error('nothing is written')),
  decompress: async (bytes: Buffer) => lz4Decompress(bytes),
})
const kafka = new Kafka({ clientId: 'benchmark', brokers: brokers.split(','), logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: `benchmark-${Date.now()}`, readUncommitted: true, maxWaitTimeInMs: 250 })
const meter = new ConsumeMeter(Number(expected))
const done = Promise.withResolvers<void>()
let valueBytes = 0

await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  eachBatch: async ({ batch, resolveOffset }) => {
    for (const message of batch.messages) valueBytes += message.value?.length ?? 0
    resolveOffset(batch.lastOffset())
    if (meter.count(batch.messages.length)) done.resolve()
  },
})
await done.promise
if (valueBytes === 0) throw new Error('the topic has no values')
meter.print()
process.exit(0)
