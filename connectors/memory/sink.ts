import type { DeadLetter } from '../../core/model/dead-letter.ts'
import { refuseUnknownKeys } from '../../core/model/nearest.ts'
import type { DeadLetterSinkSpec, RecordSinkSpec } from '../../core/ports/sink.ts'
import type { Collected } from './collected.ts'
import { MemoryCommitter } from './memory-committer.ts'
import { MemoryDeadLetterWriter, MemoryRecordWriter } from './memory-writer.ts'

const EPOCH_MS = 1_000

/**
 * Collects records in memory, exactly once: visible only after the commit, idempotent by epoch. For tests: the intent
 * holds the records themselves. Fields without a value are left out.
 *
 * @example
 * const orders = new Collected<Order>()
 * stream.to('orders', memorySink({ into: orders }))
 */
export function memorySink<T>(options: { readonly into: Collected<T> }): RecordSinkSpec<T> {
  refuseUnknownKeys('memorySink', options, ['into'])
  return {
    role: 'sink',
    takes: 'records',
    connector: 'memory',
    options: { into: options.into.id },
    epochMs: EPOCH_MS,
    check: () => undefined,
    writer: () => new MemoryRecordWriter(),
    committer: () => new MemoryCommitter(options.into),
  }
}

/** Collects dead letters in memory, as {@link memorySink} does records. */
export function memoryDeadLetters(options: { readonly into: Collected<DeadLetter> }): DeadLetterSinkSpec {
  refuseUnknownKeys('memoryDeadLetters', options, ['into'])
  return {
    role: 'sink',
    takes: 'dead-letters',
    connector: 'memory',
    options: { into: options.into.id },
    epochMs: EPOCH_MS,
    writer: (context) => new MemoryDeadLetterWriter(context),
    committer: () => new MemoryCommitter(options.into),
  }
}
