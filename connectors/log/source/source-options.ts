import type { Contract } from '../../../core/model/contract.ts'
import { type Duration, durationMs } from '../../../core/model/duration.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { refuseUnknownKeys } from '../../../core/model/nearest.ts'
import { type ResolvedStart, resolveStart, type SourceStart } from '../../../core/model/source-start.ts'
import { resolveMaxValueBytes } from '../../../formats/records/max-value-bytes.ts'
import { checkTopicName } from '../partitioned-log/layout.ts'

export interface LogSourceOptions<T> {
  readonly topic: string
  readonly contract: Contract<T>
  /** Directory of the log. Default `.millrace/log`. */
  readonly directory?: string
  /** Default `earliest`: nothing vanishes by default. A timestamp is epoch ms or RFC 3339 text. */
  readonly start?: SourceStart
  /** How far a record may be behind the newest one of its partition. Default 5 s. */
  readonly outOfOrderness?: Duration
  /** A larger value becomes a dead letter. Default 1 MiB. */
  readonly maxValueBytes?: number
  /** Topic for refused records. Default `<topic>.dlq`. */
  readonly deadLetters?: string
}

/** Options with every default filled in. */
export interface ResolvedLogSource<T> {
  readonly topic: string
  readonly contract: Contract<T>
  readonly directory: string
  readonly start: ResolvedStart
  readonly outOfOrdernessMs: number
  readonly maxValueBytes: number
  readonly deadLetters: string | undefined
}

const DEFAULT_DIRECTORY = '.millrace/log'
const DEFAULT_OUT_OF_ORDERNESS: Duration = '5s'

const KEYS = ['topic', 'contract', 'directory', 'start', 'outOfOrderness', 'maxValueBytes', 'deadLetters']

/** Checks options as a user gives them, once. Throws `MR_OPTION_UNKNOWN`, `MR_OPTION_INVALID`. */
export function resolveLogSource<T>(options: LogSourceOptions<T>): ResolvedLogSource<T> {
  refuseUnknownKeys('log', options, KEYS)
  checkTopicName(options.topic)
  if (options.deadLetters !== undefined) checkTopicName(options.deadLetters)
  const where = `log "${options.topic}"`
  if (options.contract?.schema === undefined) throw invalid(where, 'contract is required; make one with contract(…)')
  return Object.freeze({
    topic: options.topic,
    contract: options.contract,
    directory: resolveDirectory(where, options.directory),
    start: resolveStart(where, options.start ?? 'earliest'),
    outOfOrdernessMs: durationMs(`${where}: outOfOrderness`, options.outOfOrderness ?? DEFAULT_OUT_OF_ORDERNESS),
    maxValueBytes: resolveMaxValueBytes(where, options.maxValueBytes),
    deadLetters: options.deadLetters,
  })
}

/** The directory without slashes at its end. Throws `MR_OPTION_INVALID` for an empty one. */
export function resolveDirectory(where: string, directory: string = DEFAULT_DIRECTORY): string {
  const trimmed = directory.replace(/\/+$/, '')
  if (trimmed === '') throw invalid(where, `directory "${directory}" is empty or the root`)
  return trimmed
}

function invalid(where: string, what: string): MillraceError {
  return new MillraceError('MR_OPTION_INVALID', `${where}: ${what}`)
}
