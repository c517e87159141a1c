// hot path
import type { Batch } from '../core/model/batch.ts'
import type { Column } from '../core/model/column.ts'
import { NO_WATERMARK } from '../core/model/control.ts'
import { type Duration, durationMs } from '../core/model/duration.ts'
import { MillraceError } from '../core/model/errors.ts'
import { KeyHasher } from '../core/model/key.ts'
import { refuseUnknownKeys } from '../core/model/nearest.ts'
import type {
  Operator,
  OperatorContext,
  OperatorFunction,
  OperatorSpec,
  Output,
  StateBlock,
} from '../core/ports/operator.ts'
import type { KeyedValues } from '../core/state/keyed-values.ts'
import type { Pane } from '../core/state/pane.ts'
import { PaneTable } from '../core/state/pane-table.ts'
import type { ResultOf } from './expression/expression.ts'
import { keysOf } from './key-option.ts'
import type { KeyedBy } from './keyed.ts'
import { Accumulators } from './window/accumulators.ts'
import { type Aggregate, type AnyAggregate, describeAggregate } from './window/aggregate.ts'
import { type BoundWindow, bindWindow } from './window/bind-window.ts'
import { EntryList } from './window/entry-list.ts'
import { PaneResults } from './window/pane-results.ts'
import { type Tumbling, windowStart } from './window/tumbling.ts'

/** What {@link window} takes besides windows and aggregates. */
export interface WindowOptions {
  /** How long after its end, in event time, a window still takes records. Default 0. */
  readonly lateness?: Duration
  /** Stable name of its state. */
  readonly id?: string
}

/** Which window a result is of: epoch ms; the end is excluded. */
export interface WindowBounds {
  readonly window_start: number
  readonly window_end: number
}

/** The result of a window over records of type `T` keyed by `Key`. */
export type Windowed<T, Key, Results> = {
  readonly [K in keyof Key | keyof WindowBounds | keyof Results]: K extends keyof Results
    ? ResultOf<T, Results[K]>
    : K extends keyof WindowBounds
      ? number
      : K extends keyof Key
        ? Key[K]
        : never
}

/**
 * Cuts a keyed stream into windows of event time and gives one record per window and key, once, when the window is final: the
 * fields of the key, `window_start`, `window_end` and the aggregates. It stands after `keyBy` with names of fields.
 *
 * Exactly, for a window that ends at e, at watermark w: it is final when e + lateness ≤ w. A record of a final window goes to the
 * dead letters (`MR_RECORD_LATE`), any other one is counted in. Results have the event time e − 1 ms, and come by window, then
 * in an order that a restart does not change. The watermark of what follows is held back by `lateness`. State is one entry per
 * key and window that is not final; it cannot leave memory, so more of it than `stateMemory` allows ends the job
 * (`MR_STATE_BUDGET`). A window stays open where the stream ends or pauses: a later run goes on with it.
 *
 * @example
 * from('orders', source).pipe(keyBy('region'), window(tumbling('1m'), { orders: count(), total: sum('amount_cents') }))
 */
export function window<T extends KeyedBy<unknown>, Results>(
  windows: Tumbling,
  aggregates: { readonly [K in keyof Results]: Aggregate<NoInfer<T>, Results[K]> },
  options: WindowOptions = {},
): OperatorFunction<T, Windowed<T, T extends KeyedBy<infer Key> ? Key : never, Results>> {
  const spec = specOf(windows, { ...aggregates }, options)
  return (upstream) => upstream.append(spec)
}

function specOf(
  windows: Tumbling,
  aggregates: Readonly<Record<string, AnyAggregate>>,
  options: WindowOptions,
): OperatorSpec {
  refuseUnknownKeys('window', options, ['lateness', 'id'])
  if (windows?.kind !== 'tumbling') {
    throw new MillraceError('MR_OPTION_INVALID', "window: it takes windows first, such as tumbling('1m')")
  }
  // A list, because accumulators stand in this order.
  const described = Object.entries(aggregates).map(([name, aggregate]) => [name, describeAggregate(aggregate)])
  const timing = { sizeMs: windows.sizeMs, latenessMs: durationMs('window: lateness', options.lateness ?? 0) }
  return {
    name: 'window',
    id: options.id,
    options: { ...timing, aggregates: described },
    stateOptions: ['sizeMs', 'aggregates'],
    exchange: undefined,
    stateful: true,
    replacesFields: true,
    bind(input, key) {
      const bound = bindWindow(aggregates, input, key)
      return { output: bound.output, create: (context) => new Windowing(bound, timing, context) }
    },
  }
}

interface Timing {
  readonly sizeMs: number
  readonly latenessMs: number
}

class Windowing implements Operator {
  readonly outputDelayMs: number
  readonly #sizeMs: number
  readonly #accumulators: Accumulators
  readonly #table: PaneTable
  readonly #results: PaneResults
  readonly #keys: KeyHasher
  readonly #keyNames: readonly string[]
  /** Of the batch under way. */
  #keyColumns: readonly Column[] = []
  #watermark: number
  readonly #entries = new EntryList()
  #late: Int32Array = new Int32Array(0)
  #lateCount = 0

  constructor(window: BoundWindow, { sizeMs, latenessMs }: Timing, context: OperatorContext) {
    const { keyGroups, watermark } = context
    this.outputDelayMs = latenessMs
    this.#sizeMs = sizeMs
    this.#accumulators = new Accumulators(window.aggregates)
    this.#table = new PaneTable({ keyGroups, slots: this.#accumulators.slots })
    this.#results = new PaneResults(window, this.#accumulators, sizeMs)
    // Only its bytes are asked for: hashes come with the batch.
    this.#keys = new KeyHasher(window.key, 0, context)
    this.#keyNames = window.keyFields.map(({ name }) => name)
    this.#watermark = watermark
  }

  /** The beginning of the first window that is not final. */
  get horizon(): number {
    if (this.#watermark === NO_WATERMARK) return Number.NEGATIVE_INFINITY
    return windowStart(this.#watermark - this.outputDelayMs, this.#sizeMs)
  }

  get stateBytes(): number {
    return this.#table.sizeBytes
  }

  onBatch(batch: Batch, output: Output): void {
    const rows = batch.selectedRows()
    if (this.#late.length < rows.length) this.#late = new Int32Array(2 * rows.length)
    this.#table.divideLarge()
    this.#find(batch, rows)
    this.#accumulators.take(batch, this.#entries)
    if (this.#lateCount > 0) output.reject(batch, this.#late.slice(0, this.#lateCount), this.#lateness())
    output.absorb(rows.length - this.#lateCount)
  }

  /**
   * Finds or makes the entry of each record. A function of its own: V8 enters it in the midst of its loop, and what followed that
   * would be slow.
   */
  #find(batch: Batch, rows: Int32Array): void {
    const keys = keysOf('window', batch)
    this.#keyColumns = this.#keyNames.map((name) => batch.column(name))
    const times = batch.system.eventTimes
    const first = this.horizon
    const size = this.#sizeMs
    const entries = this.#entries
    entries.begin(rows.length)
    this.#lateCount = 0
    let pane: Pane | undefined
    let start = Number.POSITIVE_INFINITY
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const time = times[row]!
      if (!(time >= start && time < start + size)) {
        start = windowStart(time, size)
        pane = start < first ? undefined : this.#table.paneAt(start)
      }
      if (pane === undefined) this.#late[this.#lateCount++] = row
      else {
        const part = pane.partOf(keys[4 * row]!)
        let position = part.lookup(keys, 4 * row)
        if (position < 0) position = this.#open(part, batch, row)
        else part.touch(position)
        entries.add(row, part, part.slots * position)
      }
    }
  }

  /** Makes the entry of a key, with its first record; the record is still to be taken. */
  #open(part: KeyedValues, batch: Batch, row: number): number {
    const to = this.#keys.encode(this.#keyColumns, row)
    const position = part.add(keysOf('window', batch), 4 * row, { bytes: this.#keys.bytes, from: 0, to })
    const { splits, offsets } = batch.system
    const origin = { split: splits[row]!, offset: offsets[row]! }
    this.#accumulators.open(part.values, part.slots * position, origin)
    return position
  }

  onWatermark(time: number, output: Output): void {
    if (!(time > this.#watermark)) return
    this.#watermark = time
    for (const pane of this.#table.takeBefore(this.horizon)) {
      this.#results.emit(this.#table.inOrder(pane), output)
      this.#table.release(pane)
    }
  }

  snapshot(): readonly StateBlock[] {
    return this.#table.snapshot()
  }

  restore(block: StateBlock): void {
    this.#table.load(block, this.horizon)
  }

  #lateness() {
    const message = `its window was final at watermark ${this.#watermark}`
    return { code: 'MR_RECORD_LATE', message } as const
  }
}
