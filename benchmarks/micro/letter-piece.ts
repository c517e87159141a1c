import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OutboxDeadLetterWriter } from '../../connectors/outbox/dead-letter-writer.ts'
import type { Contract } from '../../core/model/contract.ts'
import type { RecordBatchView } from '../../formats/record-batch/decode.ts'
import { RecordCollector } from '../../formats/records/record-collector.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import { workspace } from '../workspace.ts'

const SPLIT = { id: 'events-0', topic: 'events', partition: 0 }
const MOST_VALUE_BYTES = 1_048_576

/** Records that all lack a field: from the record batch to the outbox of the dead letters, on disk. */
export class LetterPiece {
  readonly #views: readonly RecordBatchView[]
  readonly #contract: Contract<unknown>
  readonly #outbox = join(workspace('micro'), 'outbox')

  constructor(views: readonly RecordBatchView[], contract: Contract<unknown>) {
    this.#views = views
    this.#contract = contract
  }

  async run(): Promise<void> {
    const ports = systemPorts({ pipeline: 'micro', logger: console })
    const { sha256 } = ports
    const split = { split: SPLIT, splitIndex: 0, offset: 0, contract: this.#contract }
    const records = new RecordCollector({ ...split, maxValueBytes: MOST_VALUE_BYTES, sha256 })
    const place = { sink: 'deadLetters', task: 0, generation: 1, outbox: this.#outbox }
    const context = { ...ports, ...place, splitOf: String, reject: () => undefined }
    const options = { topic: undefined, codec: 'none', timestampOf: Math.floor, partitionsOf: async () => 1 } as const
    const writer = new OutboxDeadLetterWriter(context, options)
    for (const view of this.#views) {
      records.begin(undefined)
      records.take(view)
      records.decode()
      writer.writeLetters(records.finish().rejected)
      if (writer.isBusy) await writer.ready()
    }
    const { records: staged } = await writer.stage(0)
    if (staged !== this.#views.reduce((sum, view) => sum + view.count, 0)) throw new Error('a letter is missing')
    await rm(this.#outbox, { recursive: true })
  }
}
