import { KeyHasher } from '../../core/model/key.ts'
import type { Operator, StateBlock } from '../../core/ports/operator.ts'
import { type Aggregate, count, sum, tumbling, window } from '../../operators/index.ts'
import { batchOf, type Fields, instanceOf, Recorder, specOf, splitOf } from './batches.ts'
import { order } from './order-schema.ts'

export const KEY = { kind: 'fields', names: ['region'] } as const
const { schema } = order

/** What of a window a test may choose; it is 10 ms long. */
export interface WindowCase {
  readonly aggregates?: Readonly<Record<string, Aggregate<never, unknown>>>
  readonly lateness?: number
}

function spec({ aggregates = { n: count(), total: sum('count') }, lateness = 0 }: WindowCase = {}) {
  return specOf(schema, window(tumbling(10), aggregates as never, { lateness }), KEY)
}

/** An event of a region at a time, with what it counts for. */
export type Event = readonly [region: string | undefined, time: number, amount?: number, more?: Fields]

/** One instance of a window over orders, keyed by region. */
export class WindowRun {
  readonly recorder = new Recorder()
  readonly operator: Operator

  constructor(
    options: WindowCase = {},
    from: { readonly blocks?: readonly StateBlock[]; readonly watermark?: number } = {},
  ) {
    const { blocks = [], watermark = Number.NEGATIVE_INFINITY } = from
    this.operator = instanceOf(spec(options), schema, { key: KEY, watermark })
    for (const block of blocks) this.operator.restore(block)
  }

  take(...events: readonly Event[]): void {
    const records = events.map(([region, time, amount = 1, more = {}], offset) => ({
      fields: { id: 'a', region, cents: 1, count: amount, at: time, paid: true, ...more },
      time,
      offset,
    }))
    const batch = batchOf(schema, records)
    this.operator.onBatch(batch.withKeys(new KeyHasher(KEY, 7, { id: 'window', splitOf }).hash(batch)), this.recorder)
  }

  watermark(time: number): void {
    this.operator.onWatermark(time, this.recorder)
  }

  /** `region start n total`, in the order of their coming. */
  get results(): readonly string[] {
    return this.recorder.records.map(({ region, window_start: start, n, total }) => `${region} ${start} ${n} ${total}`)
  }
}
