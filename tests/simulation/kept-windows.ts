import type { Stream } from '../../core/dataflow/stream.ts'
import { avg, count, keyBy, max, min, sum, tumbling, window } from '../../operators/index.ts'

/** Name of the sink of the windows in the pipelines that are judged. */
export const WINDOWS = 'windows'

/** Of the windows of a pipeline, and of the watermark that closes them, ms. */
export interface WindowTiming {
  readonly sizeMs: number
  readonly latenessMs: number
  readonly outOfOrdernessMs: number
}

/** What the judged windows are made of. */
export interface WindowedEvent {
  readonly region: string
  readonly amount_cents: number
  readonly event_ts: number
  readonly user_id: bigint | undefined
}

/** Windows of the kept records by region, as `checkWindows` judges them: the number of records comes last. */
export function windowsByRegion<T extends WindowedEvent>(kept: Stream<T>, { sizeMs, latenessMs }: WindowTiming) {
  const aggregates = {
    total: sum('amount_cents'),
    mean: avg('amount_cents'),
    least: min('amount_cents'),
    latest: max('event_ts'),
    users: sum('user_id'),
    with_user: count('user_id'),
    records: count(),
  }
  return kept.pipe(keyBy('region'), window(tumbling(sizeMs), aggregates, { lateness: latenessMs }))
}
