/** How a running job is doing. */
export interface Progress {
  readonly pipeline: string
  readonly state: 'running' | 'draining'
  /** Last committed epoch; 0 before the first. */
  readonly epoch: number
  /** Records read since this process began. */
  readonly records: number
  readonly recordsPerSecond: number
  /** Records between the readers and the ends of their splits; `undefined` while nobody knows. */
  readonly lag: number | undefined
  /** Lowest watermark of all splits, epoch ms; −Infinity before there is one. */
  readonly watermark: number
}

/** What was read up to a moment. */
export interface ProgressSample {
  /** Monotonic ms. */
  readonly at: number
  readonly records: number
}

/** Records per second between two samples; 0 where no time passed. */
export function recordsPerSecond(from: ProgressSample, to: ProgressSample): number {
  const elapsedMs = to.at - from.at
  return elapsedMs <= 0 ? 0 : (1000 * (to.records - from.records)) / elapsedMs
}

/**
 * One line for people.
 *
 * @example
 * // events-curated running, epoch 3, 182,334 records/s, 12,003 behind, watermark 2024-03-01T02:13:20Z
 */
export function progressText(progress: Progress): string {
  const { pipeline, state, epoch, lag, watermark } = progress
  const parts = [`${pipeline} ${state}`, `epoch ${epoch}`, `${countText(progress.recordsPerSecond)} records/s`]
  if (lag !== undefined) parts.push(lag === 0 ? 'caught up' : `${countText(lag)} behind`)
  if (Number.isFinite(watermark)) parts.push(`watermark ${timeText(watermark)}`)
  return parts.join(', ')
}

/** A whole number with commas between the thousands. */
export function countText(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** Epoch ms as a time in UTC, to the second. */
export function timeText(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}
