import { countText } from 'millrace/platform'
import { barChart } from '../chart.ts'
import { fillEvents } from '../events-topic.ts'
import { spreadOf, spreadText } from '../figures.ts'
import type { ParseFigures } from '../processes/parse-json.ts'
import type { PipelineFigures } from '../processes/run-pipeline.ts'
import type { Report } from '../report.ts'
import { clearRuns, runProcess, workspace } from '../workspace.ts'

/** The most that an event may cost, in costs of JSON.parse. */
const BAR = 3
const WARM_UP_SHARE = 0.25
/** Short enough that files are written throughout the run. */
const EPOCH = '5s'

interface Pair {
  readonly pipeline: PipelineFigures
  /** CPU µs per event between the first quarter and the end. */
  readonly pipelineMicros: number
  readonly parseMicros: number
  readonly ratio: number
}

/** The pipeline of the guide, from the log to a table, beside JSON.parse alone over the same records. */
export async function founding(options: { readonly events: number; readonly pairs: number }): Promise<Report> {
  const { events } = options
  const directory = workspace(`events-${events}`)
  await fillEvents(directory, events)
  const pairs: Pair[] = []
  for (let index = 0; index < options.pairs; index++) {
    pairs.push(await runPair(directory, events))
    const { pipelineMicros, parseMicros, ratio } = pairs[index]!
    console.error(
      `pair ${index + 1}: ${pipelineMicros.toFixed(2)} µs, JSON.parse ${parseMicros.toFixed(2)} µs, ratio ${ratio.toFixed(2)}`,
    )
  }
  return reportOf(events, pairs)
}

/** JSON.parse runs before and after: machines change their speed within a minute, so neither side may have the better one. */
async function runPair(directory: string, events: number): Promise<Pair> {
  const before = await parse(directory)
  clearRuns(directory, 'events-curated')
  const url = new URL('../../examples/events-curated/pipeline.ts', import.meta.url).href
  // The process prints just this shape.
  const pipeline = (await runProcess('run-pipeline', {
    cwd: directory,
    args: [url, String(events), EPOCH],
  })) as PipelineFigures
  if (pipeline.imbalances.length > 0) throw new Error(`the ledger does not balance: ${pipeline.imbalances.join('; ')}`)
  const after = await parse(directory)
  const pipelineMicros = steadyMicros(pipeline)
  const parseMicros = (1000 * (before.cpuMs + after.cpuMs)) / (before.parsed + after.parsed)
  return { pipeline, pipelineMicros, parseMicros, ratio: pipelineMicros / parseMicros }
}

async function parse(directory: string): Promise<ParseFigures> {
  // The process prints just this shape.
  return (await runProcess('parse-json', { cwd: directory })) as ParseFigures
}

/** All threads, from the first sample beyond the first quarter of the input to the commit of the last record. */
function steadyMicros({ samples, events, cpuMs }: PipelineFigures): number {
  const start = samples.find(({ records }) => records >= WARM_UP_SHARE * events && records < events)
  if (start === undefined) throw new Error('the run was too short to be sampled; take more events')
  return (1000 * (cpuMs - start.cpuMs)) / (events - start.records)
}

function reportOf(events: number, pairs: readonly Pair[]): Report {
  const ratio = spreadOf(pairs.map((pair) => pair.ratio))
  const pipeline = spreadOf(pairs.map((pair) => pair.pipelineMicros))
  const parse = spreadOf(pairs.map((pair) => pair.parseMicros))
  const whole = spreadOf(pairs.map((pair) => (1000 * pair.pipeline.cpuMs) / events))
  const wall = spreadOf(pairs.map((pair) => pair.pipeline.wallMs / 1000))
  const rss = spreadOf(pairs.map((pair) => pair.pipeline.peakRssMiB))
  const first = pairs[0]!.pipeline
  return {
    query: 'founding',
    title: 'Log to Delta table beside JSON.parse',
    method: `${countText(events)} seeded events (about 170 bytes of JSON each, 5 % duplicates, 1 % breaking the contract) lie in
the embedded log. The pipeline of \`examples/events-curated\` (decode and validate, filter, deduplicate by two fields within
24 hours, derive a day, write Parquet by day and region, commit, checkpoint; epochs of ${EPOCH}) runs over them in a fresh
process; its CPU time over all threads from a quarter of the input to the commit of the last record is compared with that of
\`JSON.parse(buffer.utf8Slice(a, b))\` alone over the same decoded batches, once right before and once right
after it. The ratio is taken round by round. Figures are medians with least and greatest of ${pairs.length} rounds.`,
    command: `npm run benchmark -- --query founding --events ${events}`,
    columns: ['figure', 'median (min–max)'],
    lines: [
      ['CPU per event, pipeline, µs', spreadText(pipeline)],
      ['CPU per event, JSON.parse alone, µs', spreadText(parse)],
      ['ratio', spreadText(ratio)],
      ['CPU per event, whole process with its start, µs', spreadText(whole)],
      ['wall time, s', spreadText(wall, 1)],
      ['events per second of wall time', countText(events / wall.median)],
      ['peak resident memory, MiB', spreadText(rss, 0)],
      ['records written / duplicates dropped / refused', counts(first)],
    ],
    verdict: `The pipeline costs ${spreadText(ratio)} times JSON.parse alone; the bar is ${BAR}: ${ratio.median <= BAR ? 'met' : 'NOT met'}.`,
    isMet: ratio.median <= BAR,
    figures: {
      events,
      epoch: EPOCH,
      bar: BAR,
      ratio,
      pipeline,
      parse,
      whole,
      wall,
      rss,
      pairs: pairs.map(withoutSamples),
    },
    chart: barChart('CPU time per event', 'µs', [
      { label: 'JSON.parse alone', value: parse.median, min: parse.min, max: parse.max },
      { label: 'whole pipeline, log to table', value: pipeline.median, min: pipeline.min, max: pipeline.max },
    ]),
  }
}

function counts({ written, duplicates, refused }: PipelineFigures): string {
  return [written, duplicates, refused].map(countText).join(' / ')
}

function withoutSamples({ pipeline, ...figures }: Pair) {
  const { samples, ...rest } = pipeline
  return { ...figures, pipeline: { ...rest, samples: samples.length } }
}
