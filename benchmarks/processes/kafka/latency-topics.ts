// Makes or deletes topics in which the broker stamps records when it takes them. Arguments: `create` or `delete`, broker list, number of
// partitions, names of the topics.
import { Admin } from '@platformatic/kafka'

const [what = '', brokers = '', partitions = '1', ...topics] = process.argv.slice(2)
const admin = new Admin({ clientId: 'benchmark', bootstrapBrokers: brokers.split(',') })
if (what === 'delete') await admin.deleteTopics({ topics })
else {
  const configs = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  await admin.createTopics({ topics, partitions: Number(partitions), replicas: 1, configs })
}
await admin.close()
console.log('null')
