import { MillraceError } from '../../../core/model/errors.ts'
import { refuseUnknownKeys, suggestion } from '../../../core/model/nearest.ts'
import { CODECS, type Codec } from '../../../formats/record-batch/compression.ts'
import { checkTopicName } from '../partitioned-log/layout.ts'
import { resolveDirectory } from '../source/source-options.ts'

export interface LogTopicOptions {
  readonly topic: string
  /** Directory of the log. Default `.millrace/log`. */
  readonly directory?: string
  /** Partitions of the topic. Default: those it has, or 1 for a new one. Another number than it has is refused. */
  readonly partitions?: number
  /** Default `none`. */
  readonly codec?: Codec
  /** Field whose value becomes the record's key and chooses its partition. Default: no key, by origin split. */
  readonly key?: string
}

export interface DeadLetterTopicOptions {
  /** Default: `<topic of the record>.dlq`. */
  readonly topic?: string
  /** Directory of the log. Default `.millrace/log`. */
  readonly directory?: string
}

export interface ResolvedLogTopic {
  readonly topic: string
  readonly directory: string
  readonly partitions: number | undefined
  readonly codec: Codec
  readonly key: string | undefined
}

export interface ResolvedDeadLetterTopic {
  readonly topic: string | undefined
  readonly directory: string
}

/** Throws `MR_OPTION_UNKNOWN`, `MR_OPTION_INVALID`. */
export function resolveLogTopic(options: LogTopicOptions): ResolvedLogTopic {
  refuseUnknownKeys('logTopic', options, ['topic', 'directory', 'partitions', 'codec', 'key'])
  checkTopicName(options.topic)
  const where = `logTopic "${options.topic}"`
  const { partitions, codec = 'none' } = options
  if (partitions !== undefined && !(Number.isInteger(partitions) && partitions > 0)) {
    throw new MillraceError('MR_OPTION_INVALID', `${where}: partitions is a whole number from 1, not ${partitions}`)
  }
  if (!CODECS.includes(codec)) {
    throw new MillraceError('MR_OPTION_INVALID', `${where}: codec "${codec}"${suggestion(codec, CODECS)}`)
  }
  const directory = resolveDirectory(where, options.directory)
  return Object.freeze({ topic: options.topic, directory, partitions, codec, key: options.key })
}

/** Throws `MR_OPTION_UNKNOWN`, `MR_OPTION_INVALID`. */
export function resolveDeadLetterTopic(options: DeadLetterTopicOptions): ResolvedDeadLetterTopic {
  refuseUnknownKeys('deadLetterTopic', options, ['topic', 'directory'])
  if (options.topic !== undefined) checkTopicName(options.topic)
  const directory = resolveDirectory('deadLetterTopic', options.directory)
  return Object.freeze({ topic: options.topic, directory })
}
