import type { Delay } from './delay-log.ts'
import type { MeasuredEpoch } from './metered-sink.ts'

/** What barriers did to records that came around them, in ms. */
export interface Delays {
  /** From its due time to the sink: the median over all milliseconds away from barriers. */
  readonly usual: number
  /** Of the record that waits longest in as long a time as belongs to a barrier, but away from barriers: the median over all such times. */
  readonly usualLongest: number
  /** Per barrier: how much longer than that the record that waited longest around it took. */
  readonly added: readonly number[]
  /** How much longer than that the record that waited longest away from barriers took. */
  readonly between: number
  /** Per barrier: CPU time of the longer of the calls in which threads handed over what had changed. */
  readonly snapshots: readonly number[]
  readonly longestBatch: number
  readonly longestWatermark: number
}

/** Not counted of a run: code that runs once per epoch is not compiled before many of them. */
const WARM_UP_SHARE = 1 / 3
/** A record that is due so long before a barrier reaches the sink, or after it, belongs to the barrier. */
const BEFORE_MS = 100
const AFTER_MS = 500

interface Span {
  readonly from: number
  readonly to: number
}

/** Sorts records by their due times into those around a barrier and others. The last epoch, which ends the run, is left out. */
export function delaysOf(epochs: readonly MeasuredEpoch[], all: readonly Delay[]): Delays {
  const threads = epochs.flatMap((epoch) => epoch.threads)
  const firsts = threads.flatMap(({ firstAt }) => (firstAt === null ? [] : [firstAt]))
  const first = Math.min(...firsts)
  const last = Math.max(...epochs.map((epoch) => spanOf(epoch).to))
  const begin = first + WARM_UP_SHARE * (last - first)
  const counted = epochs.slice(0, -1).filter((epoch) => spanOf(epoch).from > begin)
  const spans = counted.map(spanOf)
  const end = Math.max(...spans.map(({ to }) => to))
  const points = all.filter(([at]) => at >= begin && at < end)
  const away = points.filter(([at]) => !spans.some((span) => isIn(span, at)))
  const longestOf = (span: Span): number => longestIn(points.filter(([at]) => isIn(span, at)))
  const usualLongest = median(spansBetween(spans).map(longestOf))
  return {
    usual: median(away.map(([, delay]) => delay)),
    usualLongest,
    added: spans.map((span) => longestOf(span) - usualLongest),
    between: longestIn(away) - usualLongest,
    snapshots: counted.map((epoch) => Math.max(...epoch.threads.map(({ snapshotCpuMs }) => snapshotCpuMs))),
    longestBatch: Math.max(...counted.flatMap((epoch) => epoch.threads.map((one) => one.longestBatchCpuMs))),
    longestWatermark: Math.max(...counted.flatMap((epoch) => epoch.threads.map((one) => one.longestWatermarkCpuMs))),
  }
}

function spanOf({ threads }: MeasuredEpoch): Span {
  const cuts = threads.map(({ cutAt }) => cutAt)
  return { from: Math.min(...cuts) - BEFORE_MS, to: Math.max(...cuts) + AFTER_MS }
}

/** What lies between spans, in pieces as long as belong to a barrier. */
function spansBetween(spans: readonly Span[]): readonly Span[] {
  const between: Span[] = []
  for (const [index, { to }] of spans.slice(0, -1).entries()) {
    const length = BEFORE_MS + AFTER_MS
    for (let from = to; from + length <= spans[index + 1]!.from; from += length)
      between.push({ from, to: from + length })
  }
  return between
}

function isIn({ from, to }: Span, at: number): boolean {
  return at >= from && at < to
}

function longestIn(points: readonly Delay[]): number {
  let longest = 0
  for (const [, delay] of points) longest = Math.max(longest, delay)
  return longest
}

function median(figures: readonly number[]): number {
  const sorted = Float64Array.from(figures).sort()
  return sorted[sorted.length >> 1] ?? Number.NaN
}
