// hot path
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type Batch, type Column, MillraceError, type RecordSinkSpec, type Schema } from 'millrace'
import { CountingHash, type HashTotals, NO_RESULTS, sumOf } from './counting-hash.ts'

type RecordWriter = ReturnType<RecordSinkSpec<unknown>['writer']>
type Committer = ReturnType<RecordSinkSpec<unknown>['committer']>
type Staged = Awaited<ReturnType<RecordWriter['stage']>>
type Intent = Parameters<Committer['commit']>[0]
type SinkStatus = Awaited<ReturnType<Committer['inspect']>>

/** What the file of a counting sink holds. */
export interface CountedResults extends HashTotals {
  /** Last epoch that is in the totals; −1 for none. */
  readonly epoch: number
}

const EPOCH_MS = 10_000
const TWO_32 = 4294967296
const MICROS_PER_MS = 1_000

/**
 * Counts and hashes records; what it found by the last epoch stands in the file `path`. The text of a record are the named
 * fields in this order: strings as they are, whole numbers in decimal, timestamps as epoch ms.
 */
export function countingSink<T>(options: {
  readonly path: string
  readonly fields: readonly (keyof T & string)[]
}): RecordSinkSpec<T> {
  const { path, fields } = options
  return {
    role: 'sink',
    takes: 'records',
    connector: 'counting',
    options: { path, fields },
    epochMs: EPOCH_MS,
    check: (schema) => {
      for (const field of fields) partOf(schema, field)
    },
    writer: (_, schema) => new CountingWriter(fields.map((field) => partOf(schema, field))),
    committer: () => new CountingCommitter(path),
  }
}

/** The totals in the file of a counting sink. */
export function countedResults(path: string): CountedResults {
  try {
    // Only a counting sink writes the file.
    return JSON.parse(readFileSync(path, 'utf8')) as CountedResults
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { ...NO_RESULTS, epoch: -1 }
    throw error
  }
}

/** Where a part of the text comes from. */
interface Part {
  readonly field: number
  readonly kind: 'text' | 'number' | 'time'
}

const KINDS: Readonly<Record<string, Part['kind']>> = {
  string: 'text',
  integer: 'number',
  int64: 'number',
  timestamp: 'time',
}

function partOf({ fields }: Schema, name: string): Part {
  const field = fields.findIndex((one) => one.name === name)
  if (field < 0) throw new MillraceError('MR_FIELD_UNKNOWN', `countingSink: there is no field "${name}"`)
  const { type, optional } = fields[field]!
  const kind = KINDS[type.kind]
  if (kind !== undefined && !optional) return { field, kind }
  const found = `${optional ? 'optional ' : ''}${type.kind}`
  throw new MillraceError('MR_OPTION_INVALID', `countingSink: field "${name}" is ${found}, which has no text`)
}

/** Where the values of a part are in a batch: strings have bytes and offsets, all other kinds two words per row. */
interface Source {
  readonly kind: Part['kind']
  readonly bytes: DataView
  readonly offsets: Int32Array
  readonly words: Int32Array
}

const NO_WORDS = new Int32Array(0)

function sourceOf({ kind }: Part, { values, offsets }: Column): Source {
  return {
    kind,
    bytes: new DataView(values.buffer, values.byteOffset, values.byteLength),
    offsets: offsets ?? NO_WORDS,
    words: values instanceof Int32Array ? values : NO_WORDS,
  }
}

class CountingWriter implements RecordWriter {
  readonly isBusy = false
  readonly #hash = new CountingHash()
  readonly #parts: readonly Part[]

  constructor(parts: readonly Part[]) {
    this.#parts = parts
  }

  write(batch: Batch): number {
    const rows = batch.selectedRows()
    this.#count(
      this.#parts.map((part) => sourceOf(part, batch.columns[part.field]!)),
      rows,
    )
    return rows.length
  }

  #count(sources: readonly Source[], rows: Int32Array): void {
    for (let i = 0; i < rows.length; i++) {
      for (let part = 0; part < sources.length; part++) this.#add(sources[part]!, rows[i]!)
      this.#hash.end()
    }
  }

  async stage(): Promise<Staged> {
    const content = this.#hash.take()
    return { records: content.results, outbox: [], content }
  }

  async ready(): Promise<void> {
    // Never busy.
  }

  async abort(): Promise<void> {
    this.#hash.take()
  }

  #add({ kind, bytes, offsets, words }: Source, row: number): void {
    if (kind === 'text') this.#hash.addFrom(bytes, offsets[row]!, offsets[row + 1]!)
    else {
      const number = words[2 * row + 1]! * TWO_32 + (words[2 * row]! >>> 0)
      this.#hash.addNumber(kind === 'time' ? number / MICROS_PER_MS : number)
    }
  }
}

class CountingCommitter implements Committer {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  async open(): Promise<void> {
    // The file is made by the first commit.
  }

  async identity(): Promise<string> {
    return this.#path
  }

  async intend(epoch: { readonly epoch: number; readonly committed: number }, staged: readonly Staged[]) {
    // Writers of this class stage totals.
    const content = staged.reduce((sum, one) => sumOf(sum, one.content as HashTotals), NO_RESULTS)
    return content.results === 0 ? undefined : { from: epoch.committed, to: epoch.epoch, outbox: [], content }
  }

  async inspect(known: Parameters<Committer['inspect']>[0]): Promise<SinkStatus> {
    const { epoch } = countedResults(this.#path)
    if (epoch === (known.intent?.to ?? known.committed)) return 'at-end'
    const from = known.intent?.from ?? known.committed
    if (epoch === from) return 'at-start'
    return epoch > from ? 'ahead' : 'behind'
  }

  async commit({ to, content }: Intent): Promise<void> {
    const before = countedResults(this.#path)
    if (before.epoch === to) return
    // `intend` of this class put totals into the intent.
    const after: CountedResults = { ...sumOf(before, content as HashTotals), epoch: to }
    writeFileSync(`${this.#path}.new`, JSON.stringify(after))
    renameSync(`${this.#path}.new`, this.#path)
  }

  async collect(): Promise<void> {
    // Nothing lies about.
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}
