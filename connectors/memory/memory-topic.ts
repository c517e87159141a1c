import type { DeadLetter } from '../../core/model/dead-letter.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { Collected } from './collected.ts'

/**
 * A topic in memory: lists of records that a test may extend while a job reads them. `null` is a tombstone; a record that
 * breaks the contract is taken here and refused by the source, as from a log.
 */
export class MemoryTopic<T> {
  readonly name: string
  /** Identity: another topic of the same name has another one. */
  readonly id: string
  /** Where refused records go unless the pipeline says otherwise. */
  readonly deadLetters = new Collected<DeadLetter>('dead letters')
  readonly #partitions: readonly (T | null)[][]

  constructor(options: { readonly name?: string; readonly id?: string; readonly partitions?: number } = {}) {
    this.name = options.name ?? 'memory'
    this.id = options.id ?? 'memory'
    this.#partitions = Array.from({ length: options.partitions ?? 1 }, () => [])
  }

  get partitions(): number {
    return this.#partitions.length
  }

  append(partition: number, ...records: readonly (T | null)[]): void {
    for (const record of records) this.#partition(partition).push(record)
  }

  /** Records of a partition so far. */
  records(partition: number): readonly (T | null)[] {
    return this.#partition(partition)
  }

  #partition(partition: number): (T | null)[] {
    const records = this.#partitions[partition]
    if (records !== undefined) return records
    throw new MillraceError('MR_OPTION_INVALID', `topic "${this.name}" has no partition ${partition}`)
  }
}
