import { type Duration, durationMs, positiveMs } from '../model/duration.ts'
import { MillraceError } from '../model/errors.ts'
import { refuseUnknownKeys } from '../model/nearest.ts'
import type { DeadLetterSinkSpec } from '../ports/sink.ts'
import type { SourceSpec } from '../ports/source.ts'
import { checkName } from './name.ts'
import type { Stream } from './stream.ts'

/** A registered symbol, so that a pipeline made by another copy of this module is recognised too. */
const brand: unique symbol = Symbol.for('millrace.pipeline')

export interface PipelineOptions {
  /** Your own word for this version of the pipeline, shown in the plan. */
  readonly version?: string
  /** Time between two epochs. Default: the longest that suits all sinks (1 s, or 30 s where all are tables). */
  readonly epoch?: Duration
  /** Hash buckets in which keyed state moves, a power of two up to 32768. Fixed at the first start. Default 256. */
  readonly keyGroups?: number
  /** Where state and status are kept. Default `.millrace/<pipeline>`. */
  readonly stateDirectory?: string
}

export interface FromOptions {
  /** Where records go that this source refuses. Default: what the connector suggests. */
  readonly deadLetters?: DeadLetterSinkSpec
}

/** What a pipeline is built with. */
export interface PipelineScope {
  /** Begins a stream at `source`. `id` is stable: stored positions belong to it. */
  from<T>(id: string, source: SourceSpec<T>, options?: FromOptions): Stream<T>
}

/** Options with their defaults. */
export interface PipelineSettings {
  readonly version: string | null
  readonly epochMs: number | null
  readonly keyGroups: number
  readonly stateDirectory: string | null
}

/** The definition of a pipeline; frozen, and planned as often as anybody needs it. */
export interface Pipeline {
  readonly name: string
  readonly settings: PipelineSettings
  readonly build: (scope: PipelineScope) => void
  readonly [brand]: true
}

/**
 * Defines a pipeline. `build` declares sources, operators and sinks; it runs once per thread and must have no side
 * effects. Throws `MR_OPTION_INVALID` for a name that is not `[a-z0-9][a-z0-9_-]*` of at most 64 characters and for bad
 * options, `MR_OPTION_UNKNOWN` for unknown ones.
 *
 * @example
 * export default pipeline('events-curated', ({ from }) => {
 *   from('raw', log({ topic: 'events', contract: event }))
 *     .pipe(filter(field('amount_cents').gt(0)))
 *     .to('curated', delta({ path: 'warehouse/curated' }))
 * })
 */
export function pipeline(name: string, build: (scope: PipelineScope) => void, options: PipelineOptions = {}): Pipeline {
  checkName('pipeline', name)
  const where = `pipeline "${name}"`
  refuseUnknownKeys(where, options, ['version', 'epoch', 'keyGroups', 'stateDirectory'])
  if (typeof build !== 'function') {
    throw new MillraceError('MR_OPTION_INVALID', `${where}: the second argument is a function that declares the graph`)
  }
  return Object.freeze({ name, settings: settingsOf(where, options), build, [brand]: true as const })
}

/** True where `value` was made by {@link pipeline}. */
export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && brand in value
}

function settingsOf(where: string, options: PipelineOptions): PipelineSettings {
  const keyGroups = options.keyGroups ?? 256
  if (!(Number.isInteger(keyGroups) && keyGroups >= 1 && keyGroups <= 32_768 && (keyGroups & (keyGroups - 1)) === 0)) {
    throw new MillraceError(
      'MR_OPTION_INVALID',
      `${where}: keyGroups is a power of two from 1 to 32768, not ${keyGroups}`,
    )
  }
  const epoch = `${where}: epoch`
  const epochMs = options.epoch === undefined ? null : positiveMs(epoch, durationMs(epoch, options.epoch))
  const { version = null, stateDirectory = null } = options
  checkText(`${where}: version`, version)
  checkText(`${where}: stateDirectory`, stateDirectory)
  return Object.freeze({ version, epochMs, keyGroups, stateDirectory })
}

function checkText(where: string, value: string | null): void {
  if (value !== null && (typeof value !== 'string' || value === '')) {
    throw new MillraceError('MR_OPTION_INVALID', `${where} is text that is not empty`)
  }
}
