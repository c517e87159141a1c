import { count, sum, tumbling, window } from 'millrace/operators'
import { Batch } from '../../core/model/batch.ts'
import { ColumnBuilder } from '../../core/model/column-builder.ts'
import { contract, integer } from '../../core/model/contract.ts'
import { KeyHasher } from '../../core/model/key.ts'
import { create, NOWHERE } from './operator-piece.ts'

const BATCH_ROWS = 1_000
const USERS = 20_000
const KEY = { kind: 'fields', names: ['user_id'] } as const
/** A hundred thousand records in each window, five per user. */
const EVERY_MS = 0.6
const { schema } = contract('payment', { user_id: integer(), amount_cents: integer() })

const counted = window(tumbling('1m'), { n: count(), total: sum('amount_cents') } as never)

/** Windows of a minute over payments of some users: every record is folded, every window is opened and closed. */
export class WindowPiece {
  readonly #batches: readonly Batch[]

  constructor(records: number) {
    this.#batches = Array.from({ length: Math.ceil(records / BATCH_ROWS) }, (_, index) => batchAt(index * BATCH_ROWS))
  }

  run(): void {
    const operator = create(schema, counted, KEY)
    for (const batch of this.#batches) {
      operator.onBatch(batch, NOWHERE)
      operator.onWatermark(batch.system.eventTimes.at(-1)! - 2_000, NOWHERE)
    }
    operator.onWatermark(Number.POSITIVE_INFINITY, NOWHERE)
  }
}

function batchAt(first: number): Batch {
  const users = new ColumnBuilder({ kind: 'integer' })
  const amounts = new ColumnBuilder({ kind: 'integer' })
  const eventTimes = new Float64Array(BATCH_ROWS)
  const offsets = new Float64Array(BATCH_ROWS)
  for (let row = 0; row < BATCH_ROWS; row++) {
    users.appendWide(Math.imul(first + row, 0x9e3779b1) % USERS)
    amounts.appendWide(row)
    eventTimes[row] = (first + row) * EVERY_MS
    offsets[row] = first + row
  }
  const system = { eventTimes, splits: new Int32Array(BATCH_ROWS), offsets, keys: null }
  const columns = [users.finish(), amounts.finish()]
  const batch = new Batch({ schema, columns, rows: BATCH_ROWS, selection: null, system })
  return batch.withKeys(new KeyHasher(KEY, 1, { id: 'key', splitOf: String }).hash(batch).slice())
}
