// hot path
import type { Batch } from '../../../core/model/batch.ts'
import type { RecordWriter, Staged } from '../../../core/ports/sink.ts'
import { RowEncoder, type RowEncoderOptions } from '../../outbox/row-encoder.ts'
import { Delivery, type DeliveryOptions } from './delivery.ts'

export interface AtLeastOnceOptions {
  readonly rows: RowEncoderOptions
  readonly delivery: DeliveryOptions
}

/**
 * The part in one task of a sink that sends records as they come. Staging waits until everything before the cut is acknowledged;
 * nothing is left to commit. What is aborted may have arrived.
 */
export class AtLeastOnceWriter implements RecordWriter {
  readonly #options: AtLeastOnceOptions
  readonly #rows: RowEncoder
  #delivery: Delivery
  /** Records since the last cut. */
  #taken = 0

  constructor(options: AtLeastOnceOptions) {
    this.#options = options
    this.#rows = new RowEncoder(options.rows)
    this.#delivery = new Delivery(options.delivery)
  }

  get isBusy(): boolean {
    return this.#delivery.isBusy
  }

  write(batch: Batch): number {
    const rows = this.#rows
    const delivery = this.#delivery
    const keys = rows.keysOf(batch)
    let taken = 0
    for (let position = 0; position < batch.count; position++) {
      if (!rows.read(batch, batch.rowAt(position), keys)) continue
      taken++
      delivery.add(rows)
    }
    this.#taken += taken
    return taken
  }

  flush(): void {
    this.#delivery.flush()
  }

  async stage(): Promise<Staged> {
    const records = this.#taken
    this.#taken = 0
    await this.#delivery.settle()
    return { records, outbox: [], content: null }
  }

  ready(): Promise<void> {
    return this.#delivery.ready()
  }

  async abort(): Promise<void> {
    const before = this.#delivery
    this.#taken = 0
    this.#delivery = new Delivery(this.#options.delivery)
    await before.close()
  }
}
