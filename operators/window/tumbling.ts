import { type Duration, durationMs } from '../../core/model/duration.ts'
import { MillraceError } from '../../core/model/errors.ts'

/** How a stream is cut into windows. Made by {@link tumbling}. */
export interface Tumbling {
  readonly kind: 'tumbling'
  readonly sizeMs: number
}

/**
 * Windows of one length, one after the other, aligned with 1970-01-01T00:00Z: each record belongs to one. A window holds the
 * event times from its beginning, included, to its end, excluded.
 *
 * @example
 * events.pipe(keyBy('region'), window(tumbling('1m'), { orders: count() }))
 */
export function tumbling(size: Duration): Tumbling {
  const sizeMs = durationMs('tumbling', size)
  if (Number.isSafeInteger(sizeMs) && sizeMs > 0) return Object.freeze({ kind: 'tumbling', sizeMs })
  throw new MillraceError('MR_OPTION_INVALID', `tumbling: the length is a whole number of ms from 1 on, not ${sizeMs}`)
}

/** Where the window of a time begins. */
export function windowStart(timeMs: number, sizeMs: number): number {
  return Math.floor(timeMs / sizeMs) * sizeMs
}
