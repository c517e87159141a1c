// Takes every record batch of a topic as views: broker list, topic and number of records are the arguments.
import { kafkaClient } from 'millrace/connectors/kafka'
import { systemPorts } from 'millrace/platform'
import { ConsumeMeter } from './measure.ts'

const [brokers = '', topic = '', expected = '0'] = process.argv.slice(2)
const client = await kafkaClient(systemPorts({ pipeline: 'benchmark' }), { brokers })
const [description] = await client.describeTopics([topic])
const meter = new ConsumeMeter(Number(expected))
/** Keeps the views from being found useless. */
let valueBytes = 0
let isDone = false
const done = Promise.withResolvers<void>()

const feeds = Array.from({ length: description!.partitions }, (_, partition) =>
  client.feed({ topic, topicId: description!.id, partition, offset: 0, leaderEpoch: -1 }),
)
await Promise.all(
  feeds.map(async (feed) => {
    while (!isDone) {
      const view = feed.take()
      if (view === undefined) {
        await Promise.race([feed.arrival(), done.promise])
        continue
      }
      for (let i = 0; i < view.count; i++) valueBytes += view.valueLengths[i]!
      if (!meter.count(view.count)) continue
      isDone = true
      done.resolve()
    }
  }),
)
if (valueBytes === 0) throw new Error('the topic has no values')
meter.print()
await client.close()
