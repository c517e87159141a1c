import { MillraceError } from '../../core/model/errors.ts'
import type { Committer, EpochSummary, Intent, KnownSink, SinkStatus, Staged } from '../../core/ports/sink.ts'
import type { Collected } from './collected.ts'

/** Commits what the tasks staged into a {@link Collected}: the intent itself holds the items. */
export class MemoryCommitter<T> implements Committer {
  readonly #into: Collected<T>

  constructor(into: Collected<T>) {
    this.#into = into
  }

  async open(): Promise<void> {
    // The collection is there from the start.
  }

  async identity(): Promise<string> {
    return this.#into.id
  }

  async intend(summary: EpochSummary, staged: readonly Staged[]): Promise<Intent | undefined> {
    const content = staged.flatMap((one) => itemsOf(one.content))
    return content.length === 0 ? undefined : { from: summary.committed, to: summary.epoch, outbox: [], content }
  }

  async inspect(known: KnownSink): Promise<SinkStatus> {
    const { epoch, id } = this.#into
    if (known.identity !== undefined && known.identity !== id) return 'replaced'
    if (epoch === (known.intent?.to ?? known.committed)) return 'at-end'
    const from = known.intent?.from ?? known.committed
    if (epoch === from) return 'at-start'
    return epoch > from ? 'ahead' : 'behind'
  }

  async commit(intent: Intent): Promise<void> {
    // The items were put into the intent by `intend` of this class, for this collection.
    this.#into.commit(itemsOf(intent.content) as readonly T[], intent)
  }

  async collect(): Promise<void> {
    // Nothing lies about.
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}

function itemsOf(content: unknown): readonly unknown[] {
  if (Array.isArray(content)) return content
  throw new MillraceError('MR_STATE_CORRUPT', 'an intent of a memory sink holds no list of items')
}
