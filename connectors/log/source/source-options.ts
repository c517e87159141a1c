import type { Contract } from '../../../core/model/contract.ts'
import { type Duration, durationMs } from '../../../core/model/duration.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { refuseUnknownKeys, suggestion } from '../../../core/model/nearest.ts'
import { checkTopicName } from '../partitioned-log/layout.ts'

/** Where to begin where no checkpoint says so; an offset or time holds for every partition. */
export type LogStart = 'earliest' | 'latest' | { readonly offset: number } | { readonly timestamp: number | string }

export interface LogSourceOptions<T> {
  readonly topic: string
  readonly contract: Contract<T>
  /** Directory of the log. Default `.millrace/log`. */
  readonly directory?: string
  /** Default `earliest`: nothing vanishes by default. A timestamp is epoch ms or RFC 3339 text. */
  readonly start?: LogStart
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
  readonly start: 'earliest' | 'latest' | { readonly offset: number } | { readonly timestamp: number }
  readonly outOfOrdernessMs: number
  readonly maxValueBytes: number
  readonly deadLetters: string | undefined
}

const DEFAULT_DIRECTORY = '.millrace/log'
const DEFAULT_OUT_OF_ORDERNESS: Duration = '5s'
const DEFAULT_MAX_VALUE_BYTES = 1_048_576
const MOST_VALUE_BYTES = 67_108_864

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
    maxValueBytes: resolveMaxValueBytes(where, options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES),
    deadLetters: options.deadLetters,
  })
}

/** The directory without slashes at its end. Throws `MR_OPTION_INVALID` for an empty one. */
export function resolveDirectory(where: string, directory: string = DEFAULT_DIRECTORY): string {
  const trimmed = directory.replace(/\/+$/, '')
  if (trimmed === '') throw invalid(where, `directory "${directory}" is empty or the root`)
  return trimmed
}

function resolveMaxValueBytes(where: string, bytes: number): number {
  if (Number.isInteger(bytes) && bytes > 0 && bytes <= MOST_VALUE_BYTES) return bytes
  throw invalid(where, `maxValueBytes is 1 to ${MOST_VALUE_BYTES}, not ${bytes}`)
}

function resolveStart(where: string, start: LogStart): ResolvedLogSource<unknown>['start'] {
  if (start === 'earliest' || start === 'latest') return start
  if (typeof start === 'string') throw invalid(where, `start "${start}"${suggestion(start, ['earliest', 'latest'])}`)
  refuseUnknownKeys(`${where}: start`, start, ['offset', 'timestamp'])
  if ('offset' in start) {
    if (Number.isSafeInteger(start.offset) && start.offset >= 0) return { offset: start.offset }
    throw invalid(where, `start: ${start.offset} is no offset`)
  }
  const timestamp = typeof start.timestamp === 'string' ? Date.parse(start.timestamp) : start.timestamp
  if (Number.isFinite(timestamp)) return { timestamp }
  throw invalid(where, `start: "${start.timestamp}" is no time; write epoch ms or for example 2026-01-31T12:00:00Z`)
}

function invalid(where: string, what: string): MillraceError {
  return new MillraceError('MR_OPTION_INVALID', `${where}: ${what}`)
}
