import { countText } from 'millrace/platform'
import { fillEvents } from '../events-topic.ts'
import { type Spread, spreadOf, spreadText } from '../figures.ts'
import { type Line, lineChart } from '../line-chart.ts'
import type { PipelineFigures, UsageSample } from '../processes/run-pipeline.ts'
import type { Report } from '../report.ts'
import { clearRuns, clearTopic, runProcess, workspace } from '../workspace.ts'

/** Memory late in the run may be at most this many times that early in it. */
const BAR = 1.1
const EPOCH = '2s'
const EVENTS_PER_SECOND = 100_000
/** In the topic before the pipeline starts, so that it finds its splits. */
const FIRST_EVENTS = 10_000

/** Resident memory in the second and in the last fifth of a run whose state has a bounded number of living keys. */
export async function memory({ events }: { readonly events: number }): Promise<Report> {
  const directory = workspace('memory')
  clearRuns(directory, 'memory')
  clearTopic(directory, 'events')
  await fillEvents(directory, FIRST_EVENTS)
  const url = new URL('../pipelines/memory.ts', import.meta.url).href
  const args = [url, String(events), EPOCH, 'follow']
  const feeding = [String(events - FIRST_EVENTS), String(EVENTS_PER_SECOND)]
  const [outcome] = await Promise.all([
    runProcess('run-pipeline', { cwd: directory, args }),
    runProcess('feed-log', { cwd: directory, args: feeding }),
  ])
  // The process prints just this shape.
  const figures = outcome as PipelineFigures
  if (figures.imbalances.length > 0) throw new Error(`the ledger does not balance: ${figures.imbalances.join('; ')}`)
  return reportOf(figures)
}

function reportOf(figures: PipelineFigures): Report {
  const { events } = figures
  const fifth = events / 5
  const points = interpolated(figures.samples)
  const early = memoryBetween(points, fifth, 2 * fifth)
  const late = memoryBetween(points, 4 * fifth, events)
  const ratio = late.median / early.median
  const peaks = late.max / early.max
  const span = (from: number): string => `events ${countText(from * fifth)} to ${countText((from + 1) * fifth)}, MiB`
  return {
    query: 'memory',
    title: 'Resident memory of a long run',
    method: `${countText(events)} events go through deduplication with a time to live that covers 500,000 of them into a Delta table
(epochs of ${EPOCH}), as they come: another process appends ${countText(EVENTS_PER_SECOND)} per second to the log. Resident
memory of the process is sampled every 100 ms, files that it has mapped included.`,
    command: `npm run benchmark -- --query memory --events ${events}`,
    columns: ['figure', 'median (min–max)'],
    lines: [
      [span(1), spreadText(early, 0)],
      [span(4), spreadText(late, 0)],
      ['ratio of medians', ratio.toFixed(3)],
      ['ratio of peaks', peaks.toFixed(3)],
      ['duplicates dropped', countText(figures.duplicates)],
      ['wall time, s', (figures.wallMs / 1000).toFixed(1)],
    ],
    verdict: `Late memory is ${ratio.toFixed(2)} times early memory (peaks: ${peaks.toFixed(2)}); the bar is ${BAR}: ${ratio <= BAR ? 'met' : 'NOT met'}.`,
    isMet: ratio <= BAR,
    figures: { events, bar: BAR, ratio, peaks, early, late, duplicates: figures.duplicates, wallMs: figures.wallMs },
    chart: lineChart('Resident memory by events read', { x: 'million events', y: 'MiB' }, points.map(pointOf)),
  }
}

function pointOf({ records, rssMiB }: UsageSample): Line {
  return { x: records / 1e6, y: rssMiB }
}

/** Samples with the number of records that had been read then: it is only known about once per second. */
function interpolated(samples: readonly UsageSample[]): readonly UsageSample[] {
  const known = samples.filter(({ records }, index) => index === 0 || records > samples[index - 1]!.records)
  return samples.map((sample) => {
    const next = known.findIndex(({ atMs }) => atMs > sample.atMs)
    const after = known[next]
    const before = known[next - 1]
    if (after === undefined || before === undefined) return sample
    const share = (sample.atMs - before.atMs) / (after.atMs - before.atMs)
    return { ...sample, records: before.records + share * (after.records - before.records) }
  })
}

function memoryBetween(samples: readonly UsageSample[], from: number, to: number): Spread {
  const inside = samples.filter(({ records }) => records >= from && records <= to)
  if (inside.length === 0) throw new Error('the run was too short to be sampled; take more events')
  return spreadOf(inside.map(({ rssMiB }) => rssMiB))
}
