import { deduplicate } from 'millrace/operators'
import type { Batch } from '../../core/model/batch.ts'
import { create, NOWHERE } from './operator-piece.ts'

/** Each record is looked up and most are kept; watermarks let none be forgotten. */
export class DeduplicatePiece {
  readonly #batches: readonly Batch[]
  readonly #isExact: boolean

  /** `batches`: with the fields and hashes of the key. */
  constructor(batches: readonly Batch[], isExact: boolean) {
    this.#batches = batches
    this.#isExact = isExact
  }

  run(): void {
    const { schema } = this.#batches[0]!
    const key = ['event_id', 'source_system'] as never
    const operator = create(schema, deduplicate({ key, ttl: '30d', exact: this.#isExact }))
    for (const batch of this.#batches) {
      operator.onBatch(batch, NOWHERE)
      operator.onWatermark(batch.system.eventTimes.at(-1)!, NOWHERE)
    }
  }
}
