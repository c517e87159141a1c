import { deduplicate, derive, field, filter } from 'millrace/operators'
import { Batch } from '../../core/model/batch.ts'
import {
  type Contract,
  contract,
  float64,
  int64,
  integer,
  optional,
  string,
  timestamp,
} from '../../core/model/contract.ts'
import { KeyHasher } from '../../core/model/key.ts'
import type { OperatorFunction } from '../../core/ports/operator.ts'
import { BatchGatherer } from '../../core/runtime/exchange/batch-gatherer.ts'
import { generateEvents } from '../../examples/events-curated/generate-events.ts'
import { compileDecoder, type RunObserver } from '../../formats/json/compile-decoder.ts'
import { encodeColumns } from '../../formats/parquet/parquet-encoder.ts'
import type { Codec } from '../../formats/record-batch/compression.ts'
import { decodeRecordBatch, type RecordBatchView } from '../../formats/record-batch/decode.ts'
import { encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { optionalText, spreadOf, spreadText } from '../figures.ts'
import type { Report } from '../report.ts'
import { changeText, isDearer, type MeasuredPiece, readBaseline, writeBaseline } from './baseline.ts'
import { parseAll, parseAndCheck, parseAndCheckByZod } from './json-checks.ts'
import { LetterPiece } from './letter-piece.ts'
import { OperatorPiece } from './operator-piece.ts'
import { WindowPiece } from './window-piece.ts'

const EVENT = {
  event_id: string(),
  source_system: string(),
  user_id: optional(int64()),
  event_ts: timestamp(),
  region: string(),
  amount_cents: integer(),
  kind: string(),
  note: string(),
}
const event = contract('event', EVENT, { eventTime: 'event_ts' })
/** What no event has. */
const incomplete = contract('event', { ...EVENT, absent: string() })

/** The piece that the others are compared with. */
const YARDSTICK = 'JSON.parse of the value'
const ROUNDS = 11
const WARM_UP_ROUNDS = 4
const BATCH_RECORDS = 1_000
const LIMITS = { maxInflatedBytes: 1 << 27 }

type Event = typeof event extends Contract<infer T> ? T : never

const KEY = ['event_id', 'source_system'] as const

/** In columns, and by functions that do the same. */
const OPERATORS: Readonly<Record<string, OperatorFunction<Event, unknown>>> = {
  'filter by an expression': filter<Event>(field('amount_cents').gt(0)),
  'filter by a function': filter<Event>((event) => event.amount_cents > 0),
  'derive by an expression': derive<Event, unknown>({ half: field('amount_cents').times(0.5) }),
  'derive by a function': derive<Event, unknown>({ half: [float64(), (event: Event) => event.amount_cents * 0.5] }),
  deduplicate: deduplicate<Event>({ key: KEY, ttl: '30d' }),
  'deduplicate, exact': deduplicate<Event>({ key: KEY, ttl: '30d', exact: true }),
}

interface Piece {
  readonly name: string
  /** One round over all records. */
  readonly run: () => void | Promise<void>
}

/**
 * CPU time of single pieces of the hot path over the same events, compared with the baseline; `takesBaseline`: this run becomes it.
 * Rounds of all pieces take turns, so that each is compared with the yardstick of its own round.
 */
export async function microbenchmarks(options: {
  readonly events: number
  readonly takesBaseline: boolean
}): Promise<Report> {
  const { events, takesBaseline } = options
  const measured = await measure(piecesFor(events), events)
  if (takesBaseline) writeBaseline(measured)
  const baseline = readBaseline()
  const dearer = measured.filter((piece) => isDearer(piece.ratio, baseline[piece.name]))
  return {
    query: 'micro',
    title: 'Pieces of the hot path',
    method: `CPU time per record of single pieces over ${events} seeded events in batches of ${BATCH_RECORDS}, all threads of the
process; ${ROUNDS} rounds after ${WARM_UP_ROUNDS} for the compiler. The ratio is that to \`${YARDSTICK}\` in the same round; the baseline is the
one of \`benchmarks/micro/baseline.json\`, which holds for machines like the one that it was taken on (\`--baseline\` takes it anew).`,
    command: `npm run benchmark -- --query micro --events ${events}`,
    columns: ['piece', 'µs per record, median (min–max)', 'ratio', 'baseline', 'change'],
    lines: measured.map(({ name, micros, ratio }) => [
      name,
      spreadText(micros, 3),
      spreadText(ratio),
      optionalText(baseline[name]),
      changeText(ratio, baseline[name]),
    ]),
    verdict:
      dearer.length === 0
        ? 'No piece is dearer than its baseline by more than noise.'
        : `Dearer than the baseline by more than noise: ${dearer.map(({ name }) => name).join(', ')}.`,
    isMet: dearer.length === 0,
    figures: measured,
  }
}

async function measure(pieces: readonly Piece[], events: number): Promise<readonly MeasuredPiece[]> {
  const rounds: number[][] = []
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    const micros: number[] = []
    for (const { run } of pieces) micros.push((await cpuMicros(run)) / events)
    if (round >= WARM_UP_ROUNDS) rounds.push(micros)
  }
  const yardstick = pieces.findIndex(({ name }) => name === YARDSTICK)
  return pieces.map(({ name }, at) => ({
    name,
    micros: spreadOf(rounds.map((micros) => micros[at]!)),
    ratio: spreadOf(rounds.map((micros) => micros[at]! / micros[yardstick]!)),
  }))
}

async function cpuMicros(run: Piece['run']): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function piecesFor(events: number): readonly Piece[] {
  const plain = encodedBatches(events, 'none')
  const packed = encodedBatches(events, 'lz4')
  const views = plain.map((bytes) => decodeRecordBatch(bytes, 0, LIMITS))
  const batches = views.map(decoded)
  const asker = { id: 'key', splitOf: String }
  const hasher = new KeyHasher({ kind: 'fields', names: [...KEY] }, 1, asker)
  const keyOf = (event: Event) => [event.event_id, event.source_system]
  const hasherByFunction = new KeyHasher({ kind: 'function', keyOf }, 1, asker)
  // The hashes are lent until the next call.
  const keyed = batches.map((batch) => batch.withKeys(hasher.hash(batch).slice()))
  const whole = decodedColumns(views)
  const operators = Object.entries(OPERATORS).map(([name, operator]): Piece => {
    const piece = new OperatorPiece<Event, unknown>(keyed, operator)
    return { name, run: () => piece.run() }
  })
  const windows = new WindowPiece(events)
  const letters = new LetterPiece(views, incomplete)
  return [
    { name: YARDSTICK, run: () => each(views, parseAll) },
    { name: 'JSON.parse and a check by hand', run: () => each(views, parseAndCheck) },
    { name: 'JSON.parse and a check by zod', run: () => each(views, parseAndCheckByZod) },
    { name: 'record batch, decode', run: () => each(plain, (bytes) => decodeRecordBatch(bytes, 0, LIMITS)) },
    { name: 'record batch, decode with lz4', run: () => each(packed, (bytes) => decodeRecordBatch(bytes, 0, LIMITS)) },
    { name: 'JSON to columns, 8 fields', run: () => each(views, decodedByKernel) },
    { name: 'JSON to columns without the kernel', run: () => each(views, decoded) },
    { name: 'hash of a key of 2 fields', run: () => each(batches, (batch) => hasher.hash(batch)) },
    { name: 'hash of the same key by a function', run: () => each(batches, (batch) => hasherByFunction.hash(batch)) },
    ...operators,
    { name: 'gather for 2 receivers', run: () => gatherAll(keyed) },
    { name: 'window, count and sum per user', run: () => windows.run() },
    { name: 'dead letter, to the outbox', run: () => letters.run() },
    { name: 'Parquet, encode', run: () => encodeColumns(event.schema, whole.columns, whole.rows) },
  ]
}

function each<T>(items: readonly T[], run: (item: T) => unknown): void {
  for (const item of items) run(item)
}

function encodedBatches(events: number, codec: Codec): readonly Uint8Array[] {
  const batches: Uint8Array[] = []
  for (let from = 0; from < events; from += BATCH_RECORDS) {
    const to = Math.min(from + BATCH_RECORDS, events)
    const records = generateEvents({ from, to }, { seed: 1, splits: 4, violationShare: 0, tombstoneShare: 0 })
    const encodable = records.map(({ timestampMs, recordKey, value }) => {
      return { timestamp: timestampMs, key: recordKey, value, headers: [] }
    })
    batches.push(encodeRecordBatch({ baseOffset: from, records: encodable, codec }))
  }
  return batches
}

const decoder = compileDecoder(event)
/** One of its own, which keeps its memory as a source's does. */
const kernelDecoder = compileDecoder(event)
const observer: RunObserver = {
  taken: () => undefined,
  refused: (_, violation) => {
    throw new Error(`the generator broke the contract: ${violation.message}`)
  },
}

function decodedByKernel({ buffer, valueStarts, valueLengths, count }: RecordBatchView): void {
  const values = { buffer, starts: valueStarts, lengths: valueLengths }
  kernelDecoder.appendAll(values, { from: 0, to: count }, observer)
  kernelDecoder.reuse(kernelDecoder.finish().columns)
}

function decoded(view: RecordBatchView): Batch {
  const { columns, rows, eventTimes } = decodedColumns([view])
  return new Batch({
    schema: event.schema,
    columns,
    rows,
    selection: null,
    system: {
      eventTimes: eventTimes ?? new Float64Array(rows),
      splits: new Int32Array(rows),
      offsets: view.offsets.slice(),
      keys: null,
    },
  })
}

function decodedColumns(views: readonly RecordBatchView[]): ReturnType<typeof decoder.finish> {
  for (const { buffer, valueStarts, valueLengths, count } of views) {
    for (let i = 0; i < count; i++) {
      const start = valueStarts[i]!
      const violation = decoder.append(buffer, start, start + valueLengths[i]!)
      if (violation !== undefined) throw new Error(`the generator broke the contract: ${violation.message}`)
    }
  }
  return decoder.finish()
}

const gatherers = [new BatchGatherer(event.schema), new BatchGatherer(event.schema)]

function gatherAll(batches: readonly Batch[]): void {
  for (const batch of batches) {
    const half = batch.rows >> 1
    for (const [receiver, gatherer] of gatherers.entries()) {
      const rows = new Int32Array(half)
      for (let i = 0; i < half; i++) rows[i] = 2 * i + receiver
      gatherer.append(batch, rows, half)
      if (gatherer.rows >= 4096) gatherer.finish()
    }
  }
}
