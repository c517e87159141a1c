import type { MeasuredEpoch } from './metered-sink.ts'

/** What barriers did to records that came around them, in ms. */
export interface Delays {
  /** From its due time to the sink: the median over all milliseconds away from barriers. */
  readonly usual: number
  /** Per barrier: how much longer than usual the record that waited longest around it took. */
  readonly added: readonly number[]
  /** How much longer than usual the record that waited longest away from barriers took. */
  readonly between: number
  /** Per barrier: CPU time of the longer of the calls in which threads handed over what had changed. */
  readonly snapshots: readonly number[]
  readonly longestBatch: number
  readonly longestWatermark: number
}

/** Not counted: code is compiled. */
const WARM_UP_MS = 4_000
/** A record that is due so long before a barrier reaches the sink, or after it, belongs to the barrier. */
const BEFORE_MS = 100
const AFTER_MS = 500

interface Span {
  readonly from: number
  readonly to: number
}

/** Sorts records by their due times into those around a barrier and others. The last epoch, which ends the run, is left out. */
export function delaysOf(epochs: readonly MeasuredEpoch[]): Delays {
  const threads = epochs.flatMap((epoch) => epoch.threads)
  const firsts = threads.flatMap(({ firstAt }) => (firstAt === null ? [] : [firstAt]))
  const begin = Math.min(...firsts) + WARM_UP_MS
  const counted = epochs.slice(0, -1).filter((epoch) => spanOf(epoch).from > begin)
  const end = Math.max(...counted.map((epoch) => spanOf(epoch).to))
  const spans = counted.map(spanOf)
  const points = threads.flatMap(({ due }) => due.filter(([at]) => at >= begin && at < end))
  const away = points.filter(([at]) => !spans.some((span) => at >= span.from && at < span.to))
  const usual = median(away.map(([, delay]) => delay))
  return {
    usual,
    added: spans.map((span) => longestIn(points.filter(([at]) => at >= span.from && at < span.to)) - usual),
    between: longestIn(away) - usual,
    snapshots: counted.map((epoch) => Math.max(...epoch.threads.map(({ snapshotCpuMs }) => snapshotCpuMs))),
    longestBatch: Math.max(...counted.flatMap((epoch) => epoch.threads.map((one) => one.longestBatchCpuMs))),
    longestWatermark: Math.max(...counted.flatMap((epoch) => epoch.threads.map((one) => one.longestWatermarkCpuMs))),
  }
}

function spanOf({ threads }: MeasuredEpoch): Span {
  const cuts = threads.map(({ cutAt }) => cutAt)
  return { from: Math.min(...cuts) - BEFORE_MS, to: Math.max(...cuts) + AFTER_MS }
}

function longestIn(points: readonly (readonly [at: number, delay: number])[]): number {
  let longest = 0
  for (const [, delay] of points) longest = Math.max(longest, delay)
  return longest
}

function median(figures: readonly number[]): number {
  const sorted = Float64Array.from(figures).sort()
  return sorted[sorted.length >> 1] ?? Number.NaN
}
