import { contract, integer, pipeline } from 'millrace'
import { type KafkaConnectionOptions, kafka, kafkaTopic } from 'millrace/connectors/kafka'

/** What the module is asked for, as it is imported once per address. */
const {
  name = 'none',
  brokers = '',
  ca = '',
  username = '',
  client,
} = Object.fromEntries(new URL(import.meta.url).searchParams)
const reached: KafkaConnectionOptions & { readonly client: 'platformatic' | 'kafkajs' } = {
  brokers,
  tls: { ca },
  sasl: { mechanism: 'PLAIN', username, password: async () => process.env.TEST_PASSWORD ?? '' },
  client: client === 'kafkajs' ? client : 'platformatic',
}

/** Every record of one topic goes to another one, by a user who must say who it is. */
export default pipeline(name, ({ from }) => {
  const numbered = contract('numbered', { n: integer() })
  from('in', kafka({ ...reached, topics: [`${name}-in`], contract: numbered, maxWait: '50ms' })).to(
    'out',
    kafkaTopic({ ...reached, topic: `${name}-out` }),
  )
})
