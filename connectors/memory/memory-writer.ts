import type { Batch } from '../../core/model/batch.ts'
import type { DeadLetter, PlacedRefusal } from '../../core/model/dead-letter.ts'
import type { FieldValue } from '../../core/model/field-type.ts'
import { placeOfSplit } from '../../core/model/position.ts'
import type { DeadLetterWriter, RecordWriter, Staged, WriterContext } from '../../core/ports/sink.ts'
import { compileEncoder } from '../../formats/json/encode-record.ts'

/** Keeps the records of one task until its epoch is staged. Unbounded: for tests. */
export class MemoryRecordWriter implements RecordWriter {
  readonly isBusy = false
  #records: unknown[] = []

  write(batch: Batch): number {
    for (let position = 0; position < batch.count; position++) this.#records.push(withoutAbsent(batch.at(position)))
    return batch.count
  }

  async stage(): Promise<Staged> {
    const content = this.#records
    this.#records = []
    return { records: content.length, outbox: [], content }
  }

  async ready(): Promise<void> {
    // Never busy.
  }

  async abort(): Promise<void> {
    this.#records = []
  }
}

/** Keeps the dead letters of one task until its epoch is staged. Unbounded: for tests. */
export class MemoryDeadLetterWriter implements DeadLetterWriter {
  readonly isBusy = false
  readonly #context: Pick<WriterContext, 'splitOf'>
  #letters: DeadLetter[] = []

  constructor(context: Pick<WriterContext, 'splitOf'>) {
    this.#context = context
  }

  writeLetters(letters: readonly DeadLetter[]): void {
    this.#letters.push(...letters)
  }

  writeRows(batch: Batch, rows: Int32Array, why: PlacedRefusal): void {
    const encoder = compileEncoder(batch.schema)
    const { splits, offsets, eventTimes } = batch.system
    for (const row of rows) {
      const place = placeOfSplit(this.#context.splitOf(splits[row]!))
      const origin = { ...place, offset: offsets[row]!, timestamp: eventTimes[row]! }
      this.#letters.push({ origin, key: null, value: encoder.encode(batch, row), headers: [], ...why })
    }
  }

  async stage(): Promise<Staged> {
    const content = this.#letters
    this.#letters = []
    return { records: content.length, outbox: [], content }
  }

  async ready(): Promise<void> {
    // Never busy.
  }

  async abort(): Promise<void> {
    this.#letters = []
  }
}

/** An intent is stored as plain data, which has no `undefined`. */
function withoutAbsent(record: Readonly<Record<string, FieldValue>>): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}
