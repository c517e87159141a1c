import type { Schema } from '../../core/model/field-type.ts'
import { openFileStore } from '../../platform/system/file-store.ts'
import { fakePorts, openSink, prepare, type SinkParts } from '../connectors/delta/delta-fixture.ts'
import type { Row } from './every-type.ts'

/** Writes a table on the real disk as a job does, one commit per epoch. */
export class TableWriter {
  readonly #schema: Schema
  readonly #parts: SinkParts
  #epoch = -1

  private constructor(schema: Schema, parts: SinkParts) {
    this.#schema = schema
    this.#parts = parts
  }

  /** Opens the sink; the table is there, empty, when this resolves. */
  static async open(path: string, schema: Schema, partitionBy: readonly string[] = []): Promise<TableWriter> {
    const parts = openSink(fakePorts(openFileStore()), schema, { table: { path, partitionBy } })
    await parts.committer.open()
    return new TableWriter(schema, parts)
  }

  async commit(rows: readonly Row[]): Promise<void> {
    const committed = this.#epoch++
    const intent = await prepare(this.#parts, this.#schema, { epoch: this.#epoch, committed, rows })
    await this.#parts.committer.commit(intent)
    await this.#parts.committer.collect(this.#epoch)
  }
}
