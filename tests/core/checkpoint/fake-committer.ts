import type { Committer, EpochSummary, Intent, SinkStatus, Staged } from '../../../core/ports/sink.ts'

/** A sink whose answers a test sets. It notes what it is asked. */
export class FakeCommitter implements Committer {
  readonly committed: Intent[] = []
  readonly summaries: EpochSummary[] = []
  readonly inspected: Parameters<Committer['inspect']>[0][] = []
  readonly collected: number[] = []
  status: SinkStatus = 'at-end'
  /** Called in the middle of a commit; may throw. */
  onCommit: (intent: Intent) => void | Promise<void> = () => undefined

  async open(): Promise<void> {
    // It is there.
  }

  async identity(): Promise<string> {
    return 'fake'
  }

  async intend(summary: EpochSummary, staged: readonly Staged[]): Promise<Intent | undefined> {
    this.summaries.push(summary)
    if (staged.every(({ records }) => records === 0)) return undefined
    return { from: summary.committed, to: summary.epoch, outbox: [], content: staged.map(({ content }) => content) }
  }

  async inspect(known: Parameters<Committer['inspect']>[0]): Promise<SinkStatus> {
    this.inspected.push(known)
    return this.status
  }

  async commit(intent: Intent): Promise<void> {
    await this.onCommit(intent)
    this.committed.push(intent)
    this.status = 'at-end'
  }

  async collect(epoch: number): Promise<void> {
    this.collected.push(epoch)
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}
