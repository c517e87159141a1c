import type { Contract } from '../../../core/model/contract.ts'
import { type Duration, durationMs } from '../../../core/model/duration.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { refuseUnknownKeys, suggestion } from '../../../core/model/nearest.ts'
import { type ResolvedStart, resolveStart, type SourceStart } from '../../../core/model/source-start.ts'
import type { PlanValue } from '../../../core/ports/operator.ts'
import { resolveMaxValueBytes } from '../../../formats/records/max-value-bytes.ts'
import { checkTopicName, resolveClient } from '../client/check-options.ts'
import {
  CONNECTION_KEYS,
  type KafkaConnection,
  type KafkaConnectionOptions,
  resolveConnection,
} from '../client/connection-options.ts'
import type { Isolation } from '../client/kafka-client.ts'
import { DEFAULT_WAIT_MS, DEFAULT_WAITING_BYTES, type KafkaClientChoice } from '../client/open-client.ts'

export interface KafkaSourceOptions<T> extends KafkaConnectionOptions {
  /** Names, or an expression that whole names match. Topics and partitions that appear later are read from their beginning. */
  readonly topics: string | readonly string[] | RegExp
  readonly contract: Contract<T>
  /** Group whose offsets show lag tools how far the checkpoint is. Default: the name of the pipeline. */
  readonly group?: string
  /** Default `earliest`: nothing vanishes by default. A timestamp is epoch ms or RFC 3339 text. */
  readonly start?: SourceStart
  /** Default `read_committed`: records of aborted transactions are not seen, and those of open ones not yet. */
  readonly isolation?: Isolation
  /** How far a record may be behind the newest one of its partition. Default 5 s. */
  readonly outOfOrderness?: Duration
  /** A larger value becomes a dead letter. Default 1 MiB. */
  readonly maxValueBytes?: number
  /** Fetched bytes that may wait to be decoded, per worker. Default 32 MiB. */
  readonly maxWaitingBytes?: number
  /** How long a broker may wait for something to send. Default 500 ms. */
  readonly maxWait?: Duration
  /** Library that talks to the brokers. Default `platformatic`. */
  readonly client?: KafkaClientChoice
  /** Topic for refused records, with one partition, made when it is first needed. Default `<topic>.dlq`. */
  readonly deadLetters?: string
}

/** Options with every default filled in. */
export interface ResolvedKafkaSource<T> {
  readonly topics: readonly string[] | RegExp
  readonly contract: Contract<T>
  readonly connection: KafkaConnection
  readonly group: string | undefined
  readonly start: ResolvedStart
  readonly isolation: Isolation
  readonly outOfOrdernessMs: number
  readonly maxValueBytes: number
  readonly maxWaitingBytes: number
  readonly maxWaitMs: number
  readonly client: KafkaClientChoice
  readonly deadLetters: string | undefined
}

const DEFAULT_OUT_OF_ORDERNESS: Duration = '5s'
const LEAST_WAITING_BYTES = 1_048_576
const MOST_WAITING_BYTES = 1_073_741_824
const ISOLATIONS: readonly Isolation[] = ['read_committed', 'read_uncommitted']

const KEYS = [
  'topics',
  'contract',
  'group',
  'start',
  'isolation',
  'outOfOrderness',
  'maxValueBytes',
  'maxWaitingBytes',
  'maxWait',
  'client',
  'deadLetters',
  ...CONNECTION_KEYS,
]

/** Checks options as a user gives them, once. Throws `MR_OPTION_UNKNOWN`, `MR_OPTION_INVALID`. */
export function resolveKafkaSource<T>(options: KafkaSourceOptions<T>): ResolvedKafkaSource<T> {
  refuseUnknownKeys('kafka', options, KEYS)
  const topics = resolveTopics(options.topics)
  const where = `kafka ${namesOf(topics)}`
  const { contract, isolation = 'read_committed', group, deadLetters } = options
  if (contract?.schema === undefined) throw invalid(where, 'contract is required; make one with contract(…)')
  if (!ISOLATIONS.includes(isolation))
    throw invalid(where, `isolation "${isolation}"${suggestion(isolation, ISOLATIONS)}`)
  if (group === '') throw invalid(where, 'group is empty')
  if (deadLetters !== undefined) checkTopicName(`${where}: deadLetters`, deadLetters)
  return Object.freeze({
    topics,
    contract,
    connection: resolveConnection(where, options),
    group,
    start: resolveStart(where, options.start ?? 'earliest'),
    isolation,
    outOfOrdernessMs: durationMs(`${where}: outOfOrderness`, options.outOfOrderness ?? DEFAULT_OUT_OF_ORDERNESS),
    maxValueBytes: resolveMaxValueBytes(where, options.maxValueBytes),
    maxWaitingBytes: resolveWaitingBytes(where, options.maxWaitingBytes ?? DEFAULT_WAITING_BYTES),
    maxWaitMs: durationMs(`${where}: maxWait`, options.maxWait ?? DEFAULT_WAIT_MS),
    client: resolveClient(where, options.client),
    deadLetters,
  })
}

/** What belongs to the plan: what is read, not where the brokers are or who asks. */
export function planOptions(resolved: ResolvedKafkaSource<unknown>): PlanValue {
  const { topics, group, start, isolation, maxValueBytes } = resolved
  return {
    topics: topics instanceof RegExp ? String(topics) : topics,
    group: group ?? null,
    start,
    isolation,
    maxValueBytes,
  }
}

/** The topics as text for messages. */
export function namesOf(topics: readonly string[] | RegExp): string {
  return topics instanceof RegExp ? String(topics) : `"${topics.join(', ')}"`
}

function resolveTopics(topics: KafkaSourceOptions<unknown>['topics']): readonly string[] | RegExp {
  if (topics instanceof RegExp) return new RegExp(topics.source, topics.flags.replaceAll(/[gy]/g, ''))
  const names = typeof topics === 'string' ? [topics] : topics
  if (!Array.isArray(names) || names.length === 0) {
    throw invalid('kafka', 'topics is a name, a list of names or a regular expression')
  }
  for (const name of names) checkTopicName('kafka', name)
  if (new Set(names).size < names.length) throw invalid('kafka', 'topics names one topic twice')
  return [...names]
}

function resolveWaitingBytes(where: string, bytes: number): number {
  if (Number.isInteger(bytes) && bytes >= LEAST_WAITING_BYTES && bytes <= MOST_WAITING_BYTES) return bytes
  throw invalid(where, `maxWaitingBytes is ${LEAST_WAITING_BYTES} to ${MOST_WAITING_BYTES}, not ${bytes}`)
}

function invalid(where: string, what: string): MillraceError {
  return new MillraceError('MR_OPTION_INVALID', `${where}: ${what}`)
}
