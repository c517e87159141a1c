import { MillraceError } from '../../../core/model/errors.ts'
import type {
  Committer,
  CommitterContext,
  EpochSummary,
  Intent,
  KnownSink,
  SinkStatus,
  Staged,
} from '../../../core/ports/sink.ts'
import { type SinkIdentity, sinkIdentity } from '../identity.ts'
import { checkpointIfDue } from '../log/checkpoint.ts'
import { refuseUnwritable } from '../log/features.ts'
import { logDirectory } from '../log/log-files.ts'
import { decodePath, type Snapshot } from '../log/snapshot.ts'
import { TableReader } from '../log/table-reader.ts'
import { checkTableSchema } from '../log/table-schema.ts'
import type { ResolvedOptions } from '../options.ts'
import { intentContentOf, type StagedFile, stagedContentOf } from '../staged.ts'
import { collectOrphans } from './collect-orphans.ts'
import { commitAppend } from './commit-append.ts'
import { createTable } from './create-table.ts'

/** How many files are looked for at once. */
const LOOKUPS = 32

/** The main thread's part of a Delta sink: one version of the table per epoch, found again by our `txn` in its log. */
export class DeltaCommitter implements Committer {
  readonly #context: CommitterContext
  readonly #options: ResolvedOptions
  readonly #identity: SinkIdentity
  readonly #reader: TableReader
  /** State that the schema was checked against; commits stop where another writer changes it. */
  #checked: Snapshot | undefined
  #generation = -1
  #collectedGeneration = -1
  /** Paths below the table that intents name which are not known to be in the table. */
  readonly #open = new Set<string>()

  constructor(context: CommitterContext, options: ResolvedOptions) {
    this.#context = context
    this.#options = options
    this.#identity = sinkIdentity(context, context.sink)
    this.#reader = new TableReader(context, options.path)
  }

  async open(): Promise<void> {
    const { schema } = this.#context
    const { path, partitionBy } = this.#options
    if ((await this.#reader.refresh()) === undefined) await createTable(this.#context, path, { schema, partitionBy })
    const snapshot = await this.#snapshot()
    refuseUnwritable(snapshot.protocol, snapshot.metaData, path)
    checkTableSchema(schema, partitionBy, { metaData: snapshot.metaData, table: path })
    this.#checked = snapshot
  }

  async identity(): Promise<string> {
    return (await this.#snapshot()).metaData.id
  }

  async intend(summary: EpochSummary, staged: readonly Staged[]): Promise<Intent | undefined> {
    const contents = staged.map(stagedContentOf)
    for (const { generation } of contents) this.#generation = Math.max(this.#generation, generation)
    const files = contents.flatMap((content) => content.files)
    if (files.length === 0) return undefined
    for (const file of files) this.#open.add(decodePath(file.path))
    const content = {
      appId: this.#identity.appId,
      table: this.#checkedState().metaData.id,
      txnId: this.#context.random.uuid(),
      now: summary.now,
      ranges: summary.ranges.map(({ split, from, to }) => ({ split, from, to })),
      files,
    }
    return { from: summary.committed, to: summary.epoch, outbox: [], content }
  }

  async inspect(known: KnownSink): Promise<SinkStatus> {
    try {
      return await this.#inspect(known)
    } catch (error) {
      if (!(error instanceof MillraceError && error.code === 'MR_FILE_IO')) throw error
      this.#context.logger.warn('the table cannot be read now', { table: this.#options.path, error: error.message })
      return 'unreachable'
    }
  }

  async commit(intent: Intent): Promise<void> {
    const content = intentContentOf(intent)
    const checked = this.#checkedState()
    if (content.table !== checked.metaData.id) {
      throw new MillraceError(
        'MR_SINK_REPLACED',
        `${this.#options.path} is table ${checked.metaData.id}, epoch ${intent.to} was staged for ${content.table}`,
      )
    }
    for (const file of content.files) this.#open.add(decodePath(file.path))
    const verify = async (): Promise<void> => {
      const missing = await this.#missing(content.files)
      if (missing !== undefined) throw this.#stagedMissing(missing, intent)
    }
    await commitAppend(this.#context, this.#reader, { from: intent.from, to: intent.to, content, checked, verify })
    for (const file of content.files) this.#open.delete(decodePath(file.path))
  }

  /** Failures are logged and stay without effect: the epoch is in the table whatever becomes of its housekeeping. */
  async collect(epoch: number): Promise<void> {
    const { logger } = this.#context
    const table = this.#options.path
    try {
      const version = await checkpointIfDue(this.#context, table, await this.#snapshot())
      if (version !== undefined) logger.info('wrote a checkpoint of the table', { table, version, epoch })
      await this.#collectOrphans()
    } catch (error) {
      logger.warn('housekeeping of the table failed', { table, epoch, error: String(error) })
    }
  }

  async close(): Promise<void> {
    this.#open.clear()
  }

  async #inspect({ intent, committed, identity }: KnownSink): Promise<SinkStatus> {
    const snapshot = await this.#reader.refresh()
    const wanted = identity ?? (intent === undefined ? undefined : intentContentOf(intent).table)
    if (wanted !== undefined && snapshot?.metaData.id !== wanted) return 'replaced'
    const found = Number(snapshot?.txns.get(this.#identity.appId)?.version ?? -1)
    const { from, to } = intent ?? { from: committed, to: committed }
    if (found === to) {
      // What recovery builds on must survive a power loss, and its writer may have died before it saw to that.
      if (snapshot !== undefined) await this.#context.files.syncDirectory(logDirectory(this.#options.path))
      return 'at-end'
    }
    if (found !== from) return found > from ? 'ahead' : 'behind'
    const missing = intent === undefined ? undefined : await this.#missing(intentContentOf(intent).files)
    return missing === undefined ? 'at-start' : 'staged-missing'
  }

  async #collectOrphans(): Promise<void> {
    const generation = this.#generation
    if (generation <= this.#collectedGeneration) return
    const { filePrefix } = this.#identity
    const table = this.#options.path
    const deleted = await collectOrphans(this.#context, { table, filePrefix, generation, kept: this.#open })
    this.#collectedGeneration = generation
    if (deleted > 0)
      this.#context.logger.info('deleted files that a dead attempt had staged', { table, files: deleted })
  }

  async #missing(staged: readonly StagedFile[]): Promise<StagedFile | undefined> {
    for (let start = 0; start < staged.length; start += LOOKUPS) {
      const some = staged.slice(start, start + LOOKUPS)
      const sizes = await Promise.all(
        some.map((file) => this.#context.files.size(`${this.#options.path}/${decodePath(file.path)}`)),
      )
      const index = some.findIndex((file, position) => sizes[position] !== file.size)
      if (index >= 0) return some[index]
    }
    return undefined
  }

  #stagedMissing(file: StagedFile, intent: Intent): MillraceError {
    const details = { table: this.#options.path, path: file.path, epoch: intent.to }
    return new MillraceError(
      'MR_STAGED_MISSING',
      `${this.#options.path}: ${file.path}, staged for epoch ${intent.to}, is gone or cut`,
      { details },
    )
  }

  async #snapshot(): Promise<Snapshot> {
    const snapshot = await this.#reader.refresh()
    if (snapshot === undefined)
      throw new MillraceError('MR_SINK_REPLACED', `${this.#options.path} holds no table any more`)
    return snapshot
  }

  #checkedState(): Snapshot {
    if (this.#checked === undefined)
      throw new MillraceError('MR_INTERNAL', `${this.#options.path}: the sink is used before open()`)
    return this.#checked
  }
}
