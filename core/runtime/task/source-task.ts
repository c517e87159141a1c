import type { Actor } from '../../actors/actor.ts'
import { Mailbox } from '../../actors/mailbox.ts'
import type { Stage } from '../../dataflow/physical-plan.ts'
import { NO_WATERMARK } from '../../model/control.ts'
import type { Position } from '../../model/position.ts'
import type { Polled, SplitReader } from '../../ports/source.ts'
import type { HostProgress, OwnedSplit } from '../host-messages.ts'
import { lowestWatermark, newestEventTime } from './split-progress.ts'
import { StageTask } from './stage-task.ts'
import type { TaskContext } from './task-context.ts'

type SourceMessage =
  | { readonly kind: 'run' }
  | { readonly kind: 'rested' }
  | { readonly kind: 'arrived' }
  | { readonly kind: 'polled'; readonly split: SplitState; readonly polled: Polled }
  | { readonly kind: 'barrier'; readonly epoch: number; readonly isFinal: boolean }

/** So many polls at most make one burst, after which sinks send what they have. */
const MOST_IN_BURST = 8

interface SplitState {
  readonly owned: OwnedSplit
  readonly reader: SplitReader
  position: Position
  watermark: number
  newest: number
  /** Monotonic time before which it is not looked at again, as it had nothing more. */
  restsUntil: number
}

export interface SourceTaskOptions {
  readonly context: TaskContext
  readonly stage: Stage
  readonly source: string
  readonly outOfOrdernessMs: number
  readonly splits: readonly { readonly owned: OwnedSplit; readonly reader: SplitReader }[]
  /** Time between looks at a source that had nothing more. */
  readonly pollIntervalMs: number
  readonly pollOffsets: number | undefined
  /** Called once when every bounded split is read to its end. */
  readonly onExhausted: () => void
}

/**
 * Reads the splits of one source that this worker owns, in turn, and pushes their batches through the first stage. One
 * poll is under way at most; barriers come by mailbox, so they never wait for a poll.
 */
export class SourceTask implements Actor<SourceMessage> {
  readonly stage: StageTask
  readonly mailbox: Mailbox<SourceMessage>
  readonly #options: SourceTaskOptions
  readonly #splits: readonly SplitState[]
  #turn = 0
  /** Polls since the last flush. */
  #burst = 0
  #isPolling = false
  /** A message about arrivals is on its way. */
  #hasArrived = false
  #isEnded = false
  #isExhausted = false
  #watermark = NO_WATERMARK

  constructor(options: SourceTaskOptions) {
    this.#options = options
    const { context, stage } = options
    this.stage = new StageTask(context, {
      stage,
      watermark: NO_WATERMARK,
      onUnblocked: () => this.mailbox.post({ kind: 'run' }),
    })
    this.mailbox = new Mailbox<SourceMessage>({
      label: `source ${this.stage.id}`,
      actor: this,
      scheduler: context.scheduler,
      onFailure: context.fail,
    })
    this.#splits = options.splits.map(({ owned, reader }) => ({
      owned,
      reader,
      position: owned.position,
      watermark: owned.watermark,
      newest: NO_WATERMARK,
      restsUntil: Number.NEGATIVE_INFINITY,
    }))
  }

  receive(message: SourceMessage): void {
    switch (message.kind) {
      case 'run':
        this.#advanceWatermark()
        this.#poll()
        return
      case 'rested':
        this.#isPolling = false
        this.#poll()
        return
      case 'arrived':
        this.#hasArrived = false
        this.#poll()
        return
      case 'polled':
        this.#isPolling = false
        if (this.#isEnded) return
        this.#take(message.split, message.polled)
        this.#poll()
        return
      case 'barrier':
        this.#barrier(message.epoch, message.isFinal)
    }
  }

  /** Positions and watermarks of its splits now. */
  progress(): HostProgress {
    const positions = Object.fromEntries(this.#splits.map(({ owned, position }) => [owned.split.id, position]))
    const watermarks = Object.fromEntries(this.#splits.map(({ owned, watermark }) => [owned.split.id, watermark]))
    return { positions, watermarks }
  }

  /** Stops reading at once, without a barrier. */
  async close(): Promise<void> {
    this.#isEnded = true
    this.mailbox.close()
    for (const { reader } of this.#splits) await reader.close()
  }

  #poll(): void {
    if (this.#isPolling || this.#isEnded) return
    const split = this.stage.isBlocked ? undefined : this.#nextSplit()
    // Records of all splits that have some go out together, but a source that never rests holds nothing back.
    if (split === undefined || this.#burst >= Math.min(MOST_IN_BURST, this.#splits.length)) this.#flush()
    if (split === undefined) {
      if (!this.stage.isBlocked) this.#waitForMore()
      return
    }
    this.#isPolling = true
    this.#burst++
    split.reader
      .poll(this.#pollLimit(split))
      .then((polled) => this.mailbox.post({ kind: 'polled', split, polled }))
      .catch(this.#options.context.fail)
  }

  #flush(): void {
    this.#burst = 0
    this.stage.flush()
  }

  #pollLimit({ owned, position }: SplitState): number | undefined {
    const { pollOffsets } = this.#options
    if (pollOffsets === undefined) return owned.limit
    return Math.min(owned.limit ?? Number.POSITIVE_INFINITY, position.offset + pollOffsets)
  }

  /** The next split that has something to read; those that were caught up are looked at again after a pause. */
  #nextSplit(): SplitState | undefined {
    const now = this.#options.context.connectors.clock.monotonic()
    for (let i = 0; i < this.#splits.length; i++) {
      const split = this.#splits[(this.#turn + i) % this.#splits.length]!
      if (split.restsUntil > now || isAtLimit(split)) continue
      this.#turn = (this.#turn + i + 1) % this.#splits.length
      return split
    }
    return undefined
  }

  #waitForMore(): void {
    if (this.#splits.every(isAtLimit)) {
      if (!this.#isExhausted) this.#options.onExhausted()
      this.#isExhausted = true
      return
    }
    // Those that tell of themselves need no look.
    if (this.#splits.every((split) => isAtLimit(split) || split.restsUntil === Number.POSITIVE_INFINITY)) return
    this.#isPolling = true
    const { context, pollIntervalMs } = this.#options
    context.connectors.clock
      .after(pollIntervalMs)
      .then(() => this.mailbox.post({ kind: 'rested' }))
      .catch(context.fail)
  }

  /** Leaves a split alone until there may be more of it. */
  #rest(split: SplitState): void {
    const { context, pollIntervalMs } = this.#options
    const arrival = split.reader.arrival?.()
    if (arrival === undefined) {
      split.restsUntil = context.connectors.clock.monotonic() + pollIntervalMs
      return
    }
    split.restsUntil = Number.POSITIVE_INFINITY
    arrival.then(() => this.#arrived(split)).catch(context.fail)
  }

  /** Many may arrive at once: one message is enough for all of them. */
  #arrived(split: SplitState): void {
    split.restsUntil = Number.NEGATIVE_INFINITY
    if (!this.#hasArrived) this.mailbox.post({ kind: 'arrived' })
    this.#hasArrived = true
  }

  #take(split: SplitState, polled: Polled): void {
    const { batch, rejected, tombstones, consumed, next, caughtUp } = polled
    const counts = this.stage.counts.split(split.owned.split.id, this.#options.source)
    counts.consumed += consumed
    counts.rejected += rejected.length
    counts.tombstones += tombstones
    split.position = next
    if (caughtUp) this.#rest(split)
    this.stage.refuse(rejected)
    if (batch === undefined) return
    counts.emitted += batch.count
    this.stage.push(batch)
    split.newest = Math.max(split.newest, newestEventTime(batch))
    split.watermark = Math.max(split.watermark, split.newest - this.#options.outOfOrdernessMs)
    this.#advanceWatermark()
  }

  /**
   * Tells how far event time is in its splits; also before anything is read: what is restored counts at once, as there may be nothing more
   * to come, and a task without splits holds no watermark back.
   */
  #advanceWatermark(): void {
    const watermarks = this.#splits.map((split) => split.watermark)
    const time = watermarks.length === 0 ? Number.POSITIVE_INFINITY : lowestWatermark(watermarks)
    if (time <= this.#watermark) return
    this.#watermark = time
    this.stage.push({ kind: 'watermark', time })
  }

  /** P0: positions are frozen here; whatever a poll under way brings belongs to the next epoch. */
  #barrier(epoch: number, isFinal: boolean): void {
    const progress = this.progress()
    this.#options.context.failpoint('P0-positions-frozen')
    if (isFinal) this.#isEnded = true
    this.stage.barrier(epoch, progress)
  }
}

function isAtLimit({ owned, position }: SplitState): boolean {
  return owned.limit !== undefined && position.offset >= owned.limit
}
