// The same with the stream of @platformatic/kafka.
import { Consumer } from '@platformatic/kafka'
import { ConsumeMeter } from './measure.ts'

const [brokers = '', topic = '', expected = '0'] = process.argv.slice(2)
const consumer = new Consumer({
  clientId: 'benchmark',
  groupId: `benchmark-${Date.now()}`,
  bootstrapBrokers: brokers.split(','),
})
const meter = new ConsumeMeter(Number(expected))
let valueBytes = 0

const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false, maxBytes: 16_777_216 })
stream.on('data', ({ value }: { readonly value: Buffer | undefined }) => {
  valueBytes += value?.length ?? 0
  if (!meter.count(1)) return
  if (valueBytes === 0) throw new Error('the topic has no values')
  meter.print()
  process.exit(0)
})
