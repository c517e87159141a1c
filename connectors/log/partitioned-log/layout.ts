import { MillraceError } from '../../../core/model/errors.ts'
import { isTopicName } from '../../../core/model/topic-name.ts'

const SEGMENT_NAME = /^(\d{20})\.log$/

/** Where one partition lives. */
export interface PartitionPlace {
  /** Directory of the log. */
  readonly directory: string
  readonly topic: string
  readonly partition: number
}

/** Throws `MR_OPTION_INVALID` for what cannot be the name of a topic. */
export function checkTopicName(topic: string): void {
  if (isTopicName(topic)) return
  const shown = JSON.stringify(String(topic).slice(0, 60))
  throw new MillraceError('MR_OPTION_INVALID', `topic ${shown}: a name has 1 to 249 of A-Z a-z 0-9 . _ -`)
}

export function topicDirectory(directory: string, topic: string): string {
  return `${directory}/${topic}`
}

export function partitionDirectory(place: PartitionPlace): string {
  return `${place.directory}/${place.topic}/${place.partition}`
}

/** Path of the segment whose first record has offset `base`. */
export function segmentPath(partition: string, base: number): string {
  return `${partition}/${String(base).padStart(20, '0')}.log`
}

/** Base offsets of the segments among the names in a partition's directory, ascending. */
export function segmentBases(names: readonly string[]): readonly number[] {
  const bases: number[] = []
  for (const name of names) {
    const match = SEGMENT_NAME.exec(name)
    if (match !== null) bases.push(Number(match[1]))
  }
  return bases.sort((a, b) => a - b)
}

/** The error for bytes that must be right and are not. */
export function logCorrupt(
  what: string,
  path: string,
  context: { readonly position?: number; readonly cause?: unknown } = {},
): MillraceError {
  const { position, cause } = context
  const where = position === undefined ? path : `${path} at byte ${position}`
  const message = `${where}: ${what}; restore the segment from a copy, nothing is skipped`
  return new MillraceError('MR_LOG_CORRUPT', message, { details: { path, position: position ?? null }, cause })
}
