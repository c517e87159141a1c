// hot path
import type { Batch } from '../../../core/model/batch.ts'
import type { Schema } from '../../../core/model/field-type.ts'
import { MemoryPool } from '../../../core/model/memory-pool.ts'
import type { RecordWriter, Staged, WriterContext } from '../../../core/ports/sink.ts'
import { PARQUET_CODEC } from '../../../formats/parquet/encode-parquet.ts'
import { sinkIdentity } from '../identity.ts'
import type { ResolvedOptions } from '../options.ts'
import type { StagedFile } from '../staged.ts'
import { FileQueue } from './file-queue.ts'
import { type Directory, PartitionBuffer } from './partition-buffer.ts'
import { PartitionRouter } from './partition-router.ts'
import { RowGrouper } from './row-grouper.ts'
import { type FileJob, writeFile } from './write-file.ts'

/** Bytes of columns that may wait for the disk before the task stops feeding the writer. */
const WAITING_LIMIT_BYTES = 64 * 1024 * 1024
/** Partitions open at once; above, all files are closed and the memory of their values is given back. */
const OPEN_PARTITIONS = 1024

/** One task's part of a Delta sink: rows by partition, in columns, until a file is full or the epoch is cut. */
export class DeltaWriter implements RecordWriter {
  readonly #context: WriterContext
  readonly #options: ResolvedOptions
  readonly #schema: Schema
  readonly #sources: readonly number[]
  readonly #partitionColumns: readonly number[]
  readonly #namePrefix: string
  readonly #directories = new Set<string>()
  readonly #memory: MemoryPool
  readonly #grouper = new RowGrouper()
  #queue: FileQueue<FileJob, StagedFile>
  #router: PartitionRouter
  /** Open buffers, indexed as the targets of the router; `null` where nothing is open. */
  #buffers: (PartitionBuffer | null)[] = []
  #bufferedBytes = 0
  #files = 0
  #records = 0

  constructor(context: WriterContext, schema: Schema, options: ResolvedOptions) {
    this.#context = context
    this.#options = options
    this.#partitionColumns = options.partitionBy.map((name) => schema.fields.findIndex((field) => field.name === name))
    this.#sources = schema.fields.flatMap((field, index) => (options.partitionBy.includes(field.name) ? [] : [index]))
    this.#schema = { fields: this.#sources.map((index) => schema.fields[index]!) }
    this.#namePrefix = `${sinkIdentity(context, context.sink).filePrefix}-${context.task}-${context.generation}`
    this.#memory = new MemoryPool(options.bufferBytes)
    this.#queue = this.#newQueue()
    this.#router = this.#newRouter()
  }

  get isBusy(): boolean {
    return this.#queue.isBusy
  }

  async ready(): Promise<void> {
    await this.#queue.ready()
  }

  write(batch: Batch): number {
    if (this.#router.targets.length > OPEN_PARTITIONS) this.#closeAll()
    const groups = this.#grouper.group(this.#router, batch)
    let taken = 0
    for (let i = 0; i < groups.partitions.length; i++) {
      const partition = groups.partitions[i]!
      const range = { from: groups.starts[i]!, to: groups.starts[i + 1]! }
      const target = this.#router.targets[partition]!
      if (target.kind === 'refused') {
        const rows = groups.rows.slice(range.from, range.to)
        this.#context.reject(batch, rows, { code: 'MR_RECORD_PARTITION_VALUE', message: target.why })
        continue
      }
      while (this.#buffers.length <= partition) this.#buffers.push(null)
      const buffer = this.#buffers[partition] ?? this.#newBuffer(target)
      this.#buffers[partition] = buffer
      const before = buffer.sizeBytes
      buffer.gather(batch.columns, groups.rows, range)
      const size = buffer.sizeBytes
      this.#bufferedBytes += size - before
      taken += range.to - range.from
      if (size >= this.#options.targetFileBytes) this.#close(partition)
    }
    this.#records += taken
    while (this.#bufferedBytes > this.#options.bufferBytes) this.#closeLargest()
    return taken
  }

  async stage(): Promise<Staged> {
    // Everything before the first await is the cut.
    this.#closeAll()
    this.#memory.trim()
    const records = this.#records
    this.#records = 0
    const files = await this.#queue.take()
    return { records, outbox: [], content: { generation: this.#context.generation, files } }
  }

  async abort(): Promise<void> {
    const queue = this.#queue
    this.#buffers = []
    this.#bufferedBytes = 0
    this.#records = 0
    this.#router = this.#newRouter()
    this.#queue = this.#newQueue()
    await queue.stop()
  }

  #newBuffer(target: Directory): PartitionBuffer {
    return new PartitionBuffer(target, { schema: this.#schema, sources: this.#sources, memory: this.#memory })
  }

  #closeAll(): void {
    for (let partition = 0; partition < this.#buffers.length; partition++) this.#close(partition)
    this.#buffers = []
    this.#router = this.#newRouter()
  }

  #closeLargest(): void {
    let largest = -1
    let largestBytes = -1
    for (let partition = 0; partition < this.#buffers.length; partition++) {
      const sizeBytes = this.#buffers[partition]?.sizeBytes ?? -1
      if (sizeBytes <= largestBytes) continue
      largest = partition
      largestBytes = sizeBytes
    }
    this.#close(largest)
  }

  /** Hands a buffer to the queue, which takes its columns apart when their turn comes. */
  #close(partition: number): void {
    const buffer = this.#buffers[partition]
    if (buffer === null || buffer === undefined) return
    this.#buffers[partition] = null
    const sizeBytes = buffer.sizeBytes
    this.#bufferedBytes -= sizeBytes
    const name = `${this.#namePrefix}-${this.#files++}-${this.#context.random.uuid()}.${PARQUET_CODEC}.parquet`
    this.#queue.push({ name, sizeBytes, buffer })
  }

  #newRouter(): PartitionRouter {
    return new PartitionRouter(this.#options.partitionBy, this.#partitionColumns)
  }

  #newQueue(): FileQueue<FileJob, StagedFile> {
    const place = {
      table: this.#options.path,
      schema: this.#schema,
      directories: this.#directories,
      memory: this.#memory,
    }
    return new FileQueue((job: FileJob) => writeFile(this.#context, place, job), WAITING_LIMIT_BYTES)
  }
}
