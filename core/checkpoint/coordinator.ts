import { MillraceError } from '../model/errors.ts'
import type { OffsetRange, Position } from '../model/position.ts'
import type { Clock } from '../ports/clock.ts'
import type { Failpoint } from '../ports/failpoint.ts'
import type { Logger } from '../ports/logger.ts'
import type { PlanValue } from '../ports/operator.ts'
import type { Committer, Intent, Staged } from '../ports/sink.ts'
import type { Source } from '../ports/source.ts'
import { decideEpoch, type EpochEffect, type EpochEvent, type EpochState, initialEpochState } from './decide-epoch.ts'
import { type EpochMarker, type SealedMarker, STATE_FORMAT } from './epoch-marker.ts'
import { addLedgers, EMPTY_LEDGER, imbalances, type LedgerWiring } from './ledger.ts'
import type { Recovered } from './recover.ts'
import type { SharedCheckpoints } from './shared-checkpoints.ts'
import type { EpochDraft, StateKeeper } from './state-keeper.ts'
import type { TaskReport } from './task-report.ts'

/** What of a job's identity every marker repeats. */
export interface CheckpointIdentity {
  readonly pipeline: string
  readonly planDigest: string
  readonly plan: PlanValue
  readonly keyGroups: number
  readonly hashSeed: number
  readonly splits: readonly string[]
}

export interface CoordinatorPorts {
  readonly keeper: StateKeeper
  readonly shared: SharedCheckpoints | undefined
  readonly committers: ReadonlyMap<string, Committer>
  readonly sources: ReadonlyMap<string, Source>
  readonly clock: Clock
  readonly logger: Logger
  readonly failpoint: Failpoint
  /** P0: sends the barrier to all source tasks. `now` is what `ctx.now()` gives in the epoch after it. */
  readonly inject: (barrier: { readonly epoch: number; readonly now: number; readonly isFinal: boolean }) => void
  /** Called after P6 of each epoch. */
  readonly onCommitted: (marker: EpochMarker) => void
  /** Called once, when the last epoch is committed and collected. */
  readonly onFinished: () => void
  /** Called once with what must stop or restart the job. */
  readonly onFailure: (error: unknown) => void
}

export interface CoordinatorStart {
  readonly identity: CheckpointIdentity
  readonly recovered: Recovered
  readonly tasks: number
  readonly wiring: LedgerWiring
  /** What `ctx.now()` gives in the first epoch. */
  readonly now: number
  /** Where each split began, to name the range of the first epoch. */
  readonly begins: Readonly<Record<string, number>>
}

/** What the tasks cut off for one epoch. */
interface EpochCut {
  readonly reports: readonly TaskReport[]
  readonly positions: Readonly<Record<string, Position>>
  readonly begins: Readonly<Record<string, number>>
}

const DECIDED_TIMES_KEPT = 16

/**
 * Walks each epoch through P0–P9 (docs/ARCHITECTURE.md). The order is decided by {@link decideEpoch}; this class
 * performs its effects, one at a time, and never begins P3 of an epoch before P6 of the one before.
 */
export class CheckpointCoordinator {
  readonly #ports: CoordinatorPorts
  readonly #start: CoordinatorStart
  readonly #wall: { epoch: number; now: number }[]
  #state: EpochState
  #reports: TaskReport[] = []
  #horizons: ReadonlyMap<string, number> = new Map()
  #isFailed = false
  #running: Promise<void> = Promise.resolve()

  constructor(ports: CoordinatorPorts, start: CoordinatorStart) {
    this.#ports = ports
    this.#start = start
    this.#state = initialEpochState(start.recovered.usedEpochs, start.tasks)
    this.#wall = [{ epoch: start.recovered.usedEpochs + 1, now: start.now }]
  }

  /** The last prepared marker. */
  get last(): SealedMarker | undefined {
    return this.#ports.keeper.last
  }

  get identity(): CheckpointIdentity {
    return this.#start.identity
  }

  /** What `ctx.now()` gives in the first epoch. */
  get firstNow(): number {
    return this.#start.now
  }

  /** It is time for a barrier. */
  due(): void {
    this.#handle({ kind: 'due' })
  }

  /** One last epoch, then finish. */
  end(): void {
    this.#handle({ kind: 'end' })
  }

  /** A task reached the barrier and staged what it had. */
  report(report: TaskReport): void {
    this.#reports.push(report)
    this.#handle({ kind: 'reported', epoch: report.epoch })
  }

  /** Takes no further event and waits for a commit under way: a running commit is never cut off by a restart. */
  async settle(): Promise<void> {
    this.#isFailed = true
    await this.#running
  }

  #handle(event: EpochEvent): void {
    if (this.#isFailed) return
    try {
      const { state, effects } = decideEpoch(this.#state, event)
      this.#state = state
      for (const effect of effects) this.#perform(effect)
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#isFailed = true
    this.#ports.onFailure(error)
  }

  #perform(effect: EpochEffect): void {
    switch (effect.kind) {
      case 'inject':
        this.#inject(effect.epoch, effect.isFinal)
        return
      case 'prepare':
        this.#run(() => this.#prepare(effect.epoch))
        return
      case 'commit':
        this.#run(() => this.#commit(effect.epoch))
        return
      case 'finish':
        this.#run(async () => this.#ports.onFinished())
    }
  }

  #run(effect: () => Promise<void>): void {
    this.#running = this.#running.then(effect).catch((error: unknown) => {
      if (this.#isFailed) {
        this.#ports.logger.warn('a checkpoint step failed while the job was stopping', { message: String(error) })
        return
      }
      this.#fail(error)
    })
  }

  #inject(epoch: number, isFinal: boolean): void {
    const now = this.#ports.clock.now()
    this.#wall.push({ epoch: epoch + 1, now })
    if (this.#wall.length > DECIDED_TIMES_KEPT) this.#wall.shift()
    this.#ports.inject({ epoch, now, isFinal })
    this.#ports.failpoint('P0-barrier-injected')
  }

  /** P3. */
  async #prepare(epoch: number): Promise<void> {
    const reports = this.#reports
    this.#reports = []
    const draft = await this.#draft(epoch, reports)
    this.#horizons = lowestHorizons(reports)
    this.#ports.failpoint('P3-before-prepare')
    const changed = reports.flatMap((report) => report.blocks)
    await this.#ports.keeper.prepare(draft, changed, this.#horizons)
    this.#ports.failpoint('P3-prepared')
    this.#handle({ kind: 'prepared', epoch })
  }

  async #draft(epoch: number, reports: readonly TaskReport[]): Promise<EpochDraft> {
    const before = this.last?.marker
    const ledger = reports.reduce((sum, report) => addLedgers(sum, report.counts), before?.ledger ?? EMPTY_LEDGER)
    const broken = imbalances(ledger, this.#start.wiring)
    if (broken.length > 0) {
      throw new MillraceError('MR_LEDGER_BROKEN', `epoch ${epoch} is not prepared: ${broken.join('; ')}`, {
        details: { ledger },
      })
    }
    const positions: Record<string, Position> = Object.assign(
      {},
      before?.positions,
      ...reports.map((report) => report.positions),
    )
    const begins = { ...before?.begins, ...this.#start.begins }
    const intents = await this.#intents(epoch, { reports, positions, begins })
    const landed = Object.keys(intents)
    const offsets = Object.fromEntries(Object.entries(positions).map(([split, { offset }]) => [split, offset]))
    return {
      format: STATE_FORMAT,
      ...this.#start.identity,
      epoch,
      generation: this.#start.recovered.generation,
      finalized: before?.epoch ?? 0,
      timeLog: [...this.#wall],
      positions,
      begins,
      covered: { ...before?.covered, ...Object.fromEntries(landed.map((sink) => [sink, offsets])) },
      watermarks: Object.assign({}, before?.watermarks, ...reports.map((report) => report.watermarks)),
      intents,
      committed: { ...before?.committed, ...Object.fromEntries(landed.map((sink) => [sink, epoch])) },
      identities: await this.#identities(),
      ledger,
    }
  }

  async #intents(epoch: number, cut: EpochCut): Promise<Record<string, Intent>> {
    const staged = new Map<string, Staged[]>()
    for (const part of cut.reports.flatMap((report) => report.staged)) {
      staged.set(part.sink, [...(staged.get(part.sink) ?? []), part.staged])
    }
    const now = this.#wall.find((entry) => entry.epoch === epoch)?.now ?? this.#start.now
    const intents: Record<string, Intent> = {}
    for (const [sink, committer] of this.#ports.committers) {
      const committed = this.last?.marker.committed[sink] ?? -1
      const ranges = this.#rangesOf(sink, cut)
      const intent = await committer.intend({ epoch, committed, ranges, now }, staged.get(sink) ?? [])
      if (intent !== undefined) intents[sink] = intent
    }
    return intents
  }

  /** What a commit of this epoch covers: everything since the last commit of that sink. */
  #rangesOf(sink: string, { positions, begins }: EpochCut): readonly OffsetRange[] {
    const covered = this.last?.marker.covered[sink] ?? {}
    return Object.entries(positions)
      .map(([split, { offset }]) => ({ split, from: covered[split] ?? begins[split] ?? 0, to: offset }))
      .sort((a, b) => (a.split < b.split ? -1 : 1))
  }

  async #identities(): Promise<Record<string, string>> {
    const identities: Record<string, string> = {}
    for (const [sink, committer] of this.#ports.committers) identities[sink] = await committer.identity()
    return identities
  }

  /** P4–P9. */
  async #commit(epoch: number): Promise<void> {
    const sealed = this.last
    if (sealed === undefined)
      throw new MillraceError('MR_INTERNAL', `epoch ${epoch} is to be committed but nothing is prepared`)
    const { shared, failpoint } = this.#ports
    if (shared !== undefined) await shared.publish(sealed, this.#ports.keeper)
    for (const [sink, committer] of this.#ports.committers) {
      const intent = sealed.marker.intents[sink]
      if (intent === undefined) continue
      failpoint('P5-before-commit')
      await committer.commit(intent)
      failpoint('P5-sink-committed')
    }
    failpoint('P6-acknowledged')
    this.#ports.onCommitted(sealed.marker)
    failpoint('P7-finalized')
    await this.#advise(sealed.marker)
    await this.#collect(sealed)
    this.#handle({ kind: 'committed', epoch })
  }

  /** P8: advice for lag tools; whoever cannot take it is told so and nothing else happens. */
  async #advise(marker: EpochMarker): Promise<void> {
    for (const [id, source] of this.#ports.sources) {
      const own = Object.entries(marker.positions).filter(([split]) => marker.ledger.splits[split]?.source === id)
      try {
        await source.advise(new Map(own))
      } catch (error) {
        this.#ports.logger.warn('the source did not take its advisory positions', {
          source: id,
          message: String(error),
        })
      }
    }
    this.#ports.failpoint('P8-advised')
  }

  /** P9. */
  async #collect(sealed: SealedMarker): Promise<void> {
    this.#ports.failpoint('P9-collecting')
    const epoch = sealed.marker.epoch
    await this.#ports.keeper.collect(epoch)
    for (const committer of this.#ports.committers.values()) await committer.collect(epoch)
    await this.#ports.shared?.collect(sealed)
    await this.#ports.keeper.mergeInBackground(this.#horizons)
    this.#ports.failpoint('P9-collected')
  }
}

/** Per operator the horizon of its slowest task: what any task still needs is kept. */
function lowestHorizons(reports: readonly TaskReport[]): ReadonlyMap<string, number> {
  const lowest = new Map<string, number>()
  for (const [operator, horizon] of reports.flatMap((report) => Object.entries(report.horizons))) {
    lowest.set(operator, Math.min(horizon, lowest.get(operator) ?? Number.POSITIVE_INFINITY))
  }
  return lowest
}
