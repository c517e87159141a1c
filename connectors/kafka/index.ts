export {
  type EncodableHeader,
  type EncodableRecord,
  encodeRecordBatch,
  type RecordBatchInput,
} from '../../formats/record-batch/encode.ts'
export type { BrokerAddress } from './client/broker-address.ts'
export type { ApiRange, BrokerInspection, BrokerLine, RawRequest } from './client/broker-line.ts'
export type { KafkaConnectionOptions, KafkaSasl, KafkaTls, SaslMechanism } from './client/connection-options.ts'
export type {
  FetchStart,
  GroupOffset,
  Isolation,
  KafkaCapabilities,
  KafkaClient,
  KafkaClientFactory,
  KafkaClientOptions,
  KafkaProducer,
  KafkaTransaction,
  OffsetSpec,
  PartitionFeed,
  TopicDescription,
  TopicPartition,
} from './client/kafka-client.ts'
export { type ClientOptions, type KafkaClientChoice, kafkaClient } from './client/open-client.ts'
export { kafkaDeadLetters, kafkaTopic } from './sink/sink.ts'
export type { KafkaDeadLetterOptions, KafkaDelivery, KafkaTopicOptions } from './sink/sink-options.ts'
export { kafka } from './source/source.ts'
export type { KafkaSourceOptions } from './source/source-options.ts'
