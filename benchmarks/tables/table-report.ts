import { type Cell, countText } from 'millrace/platform'
import { barChart } from '../chart.ts'
import { optionalText, type Spread, spreadOf, spreadText } from '../figures.ts'
import { brokerMicros, steadyMicros, wholeMicros } from '../orders/bars.ts'
import type { RunUsage } from '../processes/orders/measure-run.ts'
import type { Report } from '../report.ts'

/** MB/s of values that `seed` is to hold, 8.6 TB a day, and what is aimed at. */
const BAR = 100
const AIM = 200

/** One run into a table, with what lies there after it; `brokerCpuMs` where it is known. */
export interface TableRun extends RunUsage {
  readonly brokerCpuMs: number | undefined
  readonly files: number
  readonly fileBytes: number
  /** Commits of the table, its creation included. */
  readonly versions: number
}

/** The topic that was read. */
export interface TableInput {
  readonly events: number
  /** Bytes of all values, as the producer had them. */
  readonly valueBytes: number
  /** Bytes of the topic at the broker, keys and headers of batches included; `undefined` where nobody knows. */
  readonly storedBytes: number | undefined
}

export interface TableReportParts {
  readonly input: TableInput
  /** In the order of the rounds. */
  readonly runs: { readonly seed: readonly TableRun[]; readonly curated: readonly TableRun[] }
  /** Rows of each table. */
  readonly rows: { readonly seed: number; readonly curated: number }
}

/** The report of runs whose tables are what the reference says. */
export function tableReport({ input, runs, rows }: TableReportParts): Report {
  const { events, valueBytes } = input
  const rates = (of: readonly TableRun[], rate: Rate): Spread => spreadOf(of.map((run) => rate(run, valueBytes)))
  const held = rates(runs.seed, steadyRate)
  const curated = rates(runs.curated, steadyRate)
  return {
    query: 'seed-delta',
    title: 'Paid orders from Kafka into a partitioned Delta table',
    method: `${countText(events)} seeded orders (5 % repeated, 1 % invalid, up to 2 s out of order; 4 partitions) are read from a broker on the
same machine to their end, by a process of its own with as many workers as cores: ${megabytes(valueBytes)} MB of JSON values${storedText(input)}.
**seed** validates, keeps paid orders, drops repetitions, and writes number and sum per user and minute, partitioned by day
and hour; **curated** writes every order that it keeps, all eight fields, partitioned by day and source system. Both write
exactly once, in epochs of 10 s. MB/s are bytes of values, in millions: whole over the wall time of the process, steady from
a quarter of the records to the last commit. After each run DuckDB reads the table: number and hash of its rows must be those
of a plain reference, else the run is void. Figures are medians with least and greatest of ${runs.seed.length} rounds.`,
    command: `npm run kafka -- npm run benchmark -- --query seed-delta --events ${events}`,
    columns: [
      'table',
      'steady, MB/s',
      'whole, MB/s',
      'CPU steady, µs',
      'CPU whole, µs',
      'broker, µs',
      'wall, s',
      'peak resident, MiB',
      'rows',
      'files',
      'MB written',
    ],
    lines: [
      ['seed', ...lineOf(runs.seed, valueBytes), ...writtenCells(runs.seed, rows.seed)],
      ['curated', ...lineOf(runs.curated, valueBytes), ...writtenCells(runs.curated, rows.curated)],
    ],
    verdict: [
      'All tables had the rows of the reference, and every ledger balanced.',
      `seed holds ${spreadText(held, 0)} MB/s; the bar is ${BAR}: ${held.median >= BAR ? 'met' : 'MISSED'}; the aim is ${AIM}: ${held.median >= AIM ? 'reached' : 'not reached'}`,
      `curated holds ${spreadText(curated, 0)} MB/s`,
    ].join('\n'),
    isMet: held.median >= BAR,
    figures: { input, rows, runs },
    chart: barChart('Input held, steady', 'MB/s', [
      { label: 'seed: per user and minute', value: held.median, min: held.min, max: held.max },
      { label: 'curated: every order kept', value: curated.median, min: curated.min, max: curated.max },
    ]),
  }
}

/** Input of a run in words. */
export function inputText(run: TableRun, valueBytes: number): string {
  return `${steadyRate(run, valueBytes).toFixed(1)} MB/s, ${wholeRate(run, valueBytes).toFixed(1)} MB/s with its start`
}

/** MB/s of a run that reads so many bytes. */
type Rate = (run: TableRun, valueBytes: number) => number

function wholeRate({ wallMs }: TableRun, valueBytes: number): number {
  return valueBytes / wallMs / 1000
}

/** Orders are of about the same size throughout. */
function steadyRate({ records, quarterRecords, wallMs, quarterMs }: TableRun, valueBytes: number): number {
  return (valueBytes * (1 - quarterRecords / records)) / (wallMs - quarterMs) / 1000
}

function lineOf(runs: readonly TableRun[], valueBytes: number): readonly Cell[] {
  return [
    spreadText(spreadOf(runs.map((run) => steadyRate(run, valueBytes))), 0),
    spreadText(spreadOf(runs.map((run) => wholeRate(run, valueBytes))), 0),
    spreadText(spreadOf(runs.map(steadyMicros))),
    spreadText(spreadOf(runs.map(wholeMicros))),
    optionalText(brokerMicros(runs)),
    spreadText(spreadOf(runs.map(({ wallMs }) => wallMs / 1000)), 1),
    spreadText(spreadOf(runs.map(({ peakRssMiB }) => peakRssMiB)), 0),
  ]
}

function writtenCells(runs: readonly TableRun[], rows: number): readonly Cell[] {
  const files = spreadOf(runs.map((run) => run.files))
  const bytes = spreadOf(runs.map(({ fileBytes }) => fileBytes / 1e6))
  return [countText(rows), spreadText(files, 0), spreadText(bytes, 1)]
}

function megabytes(bytes: number): string {
  return countText(bytes / 1e6)
}

function storedText({ storedBytes }: TableInput): string {
  return storedBytes === undefined ? '' : `, ${megabytes(storedBytes)} MB at the broker (lz4, batches of 64 KB)`
}
