export { type AppendLinesOptions, appendLines } from './append-lines.ts'
export {
  type ConsumerDescription,
  describeTopic,
  type PartitionDescription,
  type TopicDescription,
} from './partitioned-log/describe-topic.ts'
export { type Bounds, PartitionedLog } from './partitioned-log/partitioned-log.ts'
export type { LogPorts, Topic } from './partitioned-log/topic.ts'
export type { AppenderOptions, TopicAppender } from './partitioned-log/topic-appender.ts'
export { deadLetterTopic } from './sink/dead-letter-sink.ts'
export { logTopic } from './sink/sink.ts'
export type { DeadLetterTopicOptions, LogTopicOptions } from './sink/sink-options.ts'
export { log } from './source/source.ts'
export type { LogSourceOptions } from './source/source-options.ts'
export { type LogRecord, type TailOptions, tailTopic } from './tail.ts'
