export type { KafkaConnectionOptions, KafkaSasl, KafkaTls, SaslMechanism } from './client/connection-options.ts'
export type {
  FetchStart,
  GroupOffset,
  Isolation,
  KafkaCapabilities,
  KafkaClient,
  KafkaClientFactory,
  KafkaClientOptions,
  OffsetSpec,
  PartitionFeed,
  TopicDescription,
  TopicPartition,
} from './client/kafka-client.ts'
export { kafka } from './source/source.ts'
export type { KafkaSourceOptions, KafkaStart } from './source/source-options.ts'
