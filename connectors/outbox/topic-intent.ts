import { MillraceError } from '../../core/model/errors.ts'
import type { Intent } from '../../core/ports/sink.ts'
import type { SegmentSummary } from './outbox-segment.ts'

/** `content` of what one task staged; `null` where it had nothing. */
export interface StagedContent {
  readonly segment: SegmentSummary
  readonly topics: readonly { readonly topic: string; readonly partitions: number }[]
}

/** A partition and where its records of this intent can begin: nothing of the intent is before `endOffset`. */
export interface TopicTarget {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly endOffset: number
}

/** `content` of an intent of a sink into topics, format 1. */
export interface TopicIntent {
  readonly format: 1
  readonly targets: readonly TopicTarget[]
  readonly segments: readonly SegmentSummary[]
}

/** The intent's content, checked: it comes back from stored bytes. Throws `MR_STATE_CORRUPT`, `MR_STATE_FORMAT`. */
export function readIntent(intent: Intent): TopicIntent {
  const content = intent.content
  if (!isObject(content)) throw unreadable(intent, 'it is no object')
  if (typeof content.format === 'number' && content.format > 1) {
    throw new MillraceError(
      'MR_STATE_FORMAT',
      `an intent for topics has format ${content.format}; this version knows 1`,
    )
  }
  const { targets, segments } = content
  if (!Array.isArray(targets) || !targets.every(isTarget)) throw unreadable(intent, 'its targets are wrong')
  if (!Array.isArray(segments) || !segments.every(isSummary)) throw unreadable(intent, 'its segments are wrong')
  return { format: 1, targets, segments }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isTarget(value: unknown): value is TopicTarget {
  return (
    isObject(value) &&
    typeof value.topic === 'string' &&
    typeof value.topicId === 'string' &&
    typeof value.partition === 'number' &&
    typeof value.endOffset === 'number'
  )
}

function isSummary(value: unknown): value is SegmentSummary {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    typeof value.sizeBytes === 'number' &&
    typeof value.records === 'number' &&
    typeof value.crc === 'number'
  )
}

function unreadable(intent: Intent, why: string): MillraceError {
  const message = `the stored intent for epoch ${intent.to} cannot be read: ${why}`
  return new MillraceError('MR_STATE_CORRUPT', message, { details: { epoch: intent.to } })
}
