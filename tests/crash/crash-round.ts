import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FailpointName } from '../../core/ports/failpoint.ts'
import { checkGrowth, checkTable } from '../simulation/invariants.ts'
import type { SeededRandom } from '../simulation/seeded-random.ts'
import { readTable, type TableHistory } from '../simulation/table-reader.ts'
import type { RoundSource } from './crash-source.ts'
import { EventFeed } from './event-feed.ts'
import { type JobEnd, JobProcess } from './job-process.ts'
import { judgeRound, type Verdict } from './judge-round.ts'
import type { Kill, KillPlan } from './kill-plan.ts'
import { RealTableFiles, RoundPlace } from './round-place.ts'

/** What a round is to go through. */
export interface RoundOptions {
  readonly index: number
  readonly kills: number
  /** Checkpoints go to a shared directory too. */
  readonly isShared: boolean
  /** Now and then the local state is deleted between two lives. */
  readonly losesState: boolean
  readonly epochMs: number
  readonly directory: string
  readonly compileCache: string
  readonly source: RoundSource
}

export interface RoundPorts {
  readonly plan: KillPlan
  readonly random: SeededRandom
  readonly onKill: (kill: CountedKill) => void
}

/** A kill that counts: data was flowing. */
export interface CountedKill {
  readonly round: number
  readonly kind: Kill['kind']
  /** The last point that the process passed; `start` before the first one. */
  readonly at: FailpointName | 'start'
}

export interface RoundResult {
  readonly options: RoundOptions
  readonly place: RoundPlace
  readonly records: number
  readonly kills: readonly CountedKill[]
  readonly voids: number
  readonly stateLosses: number
  readonly looks: number
  readonly verdict: Verdict | undefined
  readonly violations: readonly string[]
}

const LIFE_LIMIT_MS = 90_000
const DRAIN_LIMIT_MS = 180_000
const POLL_MS = 4
/** A process that went on for so many epochs after its kill was due is past the point: the kill is void. */
const EPOCHS_OF_PATIENCE = 6
const SPLITS = 4
/** Noon: one date per round keeps the files of an epoch few. */
const START_OF_EVENTS = Date.UTC(2024, 2, 1, 12)

/** One pipeline from an empty directory through its kills to a drained end, and the judgement of what it left. */
export function runRound(options: RoundOptions, ports: RoundPorts): Promise<RoundResult> {
  return new CrashRound(options, ports).run()
}

class CrashRound {
  readonly #options: RoundOptions
  readonly #ports: RoundPorts
  readonly #place: RoundPlace
  readonly #kills: CountedKill[] = []
  readonly #violations: string[] = []
  #lives = 0
  #voids = 0
  #stateLosses = 0
  #looks = 0
  #hasPrepared = false
  readonly #before = new Map<string, TableHistory>()

  constructor(options: RoundOptions, ports: RoundPorts) {
    this.#options = options
    this.#ports = ports
    this.#place = new RoundPlace(join(options.directory, `round-${options.index}`), options.source.pipeline)
  }

  async run(): Promise<RoundResult> {
    mkdirSync(this.#place.directory, { recursive: true })
    const { random } = this.#ports
    const target = await this.#options.source.openTarget(this.#place, SPLITS)
    const feed = EventFeed.start(target, {
      seed: random.uint32(),
      splits: SPLITS,
      duplicateShare: 0.1,
      violationShare: 0.03,
      tombstoneShare: 0.01,
      startTimeMs: START_OF_EVENTS,
    })
    const mostVoids = 10 + 2 * this.#options.kills
    while (this.#kills.length < this.#options.kills && this.#violations.length === 0) {
      await this.#live(feed)
      if (this.#voids > mostVoids) this.#violations.push(`void: ${this.#voids} kills did not count, data did not flow`)
    }
    const records = await feed.stop()
    const verdict = this.#violations.length === 0 ? await this.#finish(records) : undefined
    return {
      options: this.#options,
      place: this.#place,
      records: records.length,
      kills: this.#kills,
      voids: this.#voids,
      stateLosses: this.#stateLosses,
      looks: this.#looks,
      verdict,
      violations: [...this.#violations, ...(verdict?.violations ?? [])],
    }
  }

  /** One life of the job and its violent end. */
  async #live(feed: EventFeed): Promise<void> {
    this.#perhapsLoseState()
    const { isShared } = this.#options
    const kill = this.#ports.plan.next({ isShared, hasPrepared: this.#hasPrepared })
    const before = feed.synced
    const job = this.#start(kill)
    const isOverdue = await this.#watch(job, kill)
    const end = await job.ended
    const passed = job.passed()
    this.#hasPrepared ||= passed.includes('P3-prepared')
    if (end.signal !== 'SIGKILL') {
      this.#violations.push(
        `life ${this.#lives} ended by itself ${endText(end)}, it was to be killed ${killText(kill)}`,
      )
      return
    }
    const isFlowing = feed.synced > before && sumOf(this.#place.committed()) < feed.synced
    if (isOverdue || !isFlowing) {
      this.#voids++
      this.#ports.plan.giveBack(kill)
      return
    }
    const counted = { round: this.#options.index, kind: kill.kind, at: passed.at(-1) ?? 'start' } as const
    this.#kills.push(counted)
    this.#ports.onKill(counted)
  }

  #start(kill: Kill): JobProcess {
    this.#lives++
    return this.#process(kill.kind === 'point' ? `${kill.name}:kill:${kill.nth}` : '', [])
  }

  #process(trap: string, more: readonly string[]): JobProcess {
    const { epochMs, isShared, compileCache, source } = this.#options
    const shared = isShared ? ['--checkpoints', this.#place.checkpoints] : []
    return new JobProcess({
      directory: this.#place.directory,
      trace: join(this.#place.directory, `trace-${this.#lives}`),
      trap,
      args: ['--epoch', `${epochMs}ms`, '--workers', '2', '--json', ...shared, ...more],
      compileCache,
      module: source.module,
      environment: source.environment,
    })
  }

  /** Until the process is dead. `true`: it lived past the point where it was to die. */
  async #watch(job: JobProcess, kill: Kill): Promise<boolean> {
    const deadline = performance.now() + LIFE_LIMIT_MS
    let due = Number.POSITIVE_INFINITY
    let mayLook = this.#ports.random.chance(0.3)
    while (!job.hasEnded) {
      const passed = job.passed()
      if (mayLook && passed.includes('P0-barrier-injected')) {
        mayLook = false
        await this.#look()
      }
      const now = performance.now()
      if (due === Number.POSITIVE_INFINITY) due = dueAfter(kill, passed, now)
      if (now >= due) job.kill()
      const isOverdue = isPast(kill, passed) || this.#isStuck(now > deadline, kill, passed)
      if (isOverdue) {
        job.kill()
        return true
      }
      await sleep(POLL_MS)
    }
    return false
  }

  #isStuck(isLate: boolean, kill: Kill, passed: readonly FailpointName[]): boolean {
    if (isLate) {
      const last = passed.at(-1) ?? 'nothing'
      this.#violations.push(`I16: life ${this.#lives} did not come to its end ${killText(kill)}; it passed ${last}`)
    }
    return isLate
  }

  /** A reader that comes at any moment: the tables are whole and never shrink. */
  async #look(): Promise<void> {
    for (const table of this.#place.tables) {
      const files = new RealTableFiles()
      if (files.list(`${table}/_delta_log`).every((name) => !name.endsWith('.json'))) continue
      const now = await readTable(files, table)
      const before = this.#before.get(table)
      if (before !== undefined) this.#violations.push(...checkGrowth(before, now))
      this.#violations.push(...checkTable(now))
      this.#before.set(table, now)
      this.#looks++
    }
  }

  /** A new host: what it has is the shared store alone. */
  #perhapsLoseState(): void {
    if (!this.#options.losesState || !this.#hasPrepared || !this.#ports.random.chance(0.3)) return
    rmSync(this.#place.state, { recursive: true, force: true })
    this.#stateLosses++
  }

  async #finish(records: Parameters<typeof judgeRound>[2]): Promise<Verdict | undefined> {
    this.#lives++
    const job = this.#process('', ['--until-caught-up'])
    const limit = new AbortController()
    const late = sleep(DRAIN_LIMIT_MS, 'late', { signal: limit.signal }).catch(() => 'ended')
    const end = await Promise.race([job.ended, late])
    limit.abort()
    if (typeof end === 'string') {
      job.kill()
      this.#violations.push(`I16: the round did not drain in ${DRAIN_LIMIT_MS / 1000} s`)
      return undefined
    }
    if (end.code !== 0) {
      this.#violations.push(`the round did not drain: it ended ${endText(end)}`)
      return undefined
    }
    await this.#look()
    return await judgeRound(this.#place, this.#options.source, records)
  }
}

/** When a process is to be killed from outside; infinite where that is not known yet, or its own business. */
function dueAfter(kill: Kill, passed: readonly FailpointName[], now: number): number {
  return kill.kind === 'outside' && passed.includes(kill.after) ? now + kill.delayMs : Number.POSITIVE_INFINITY
}

function isPast(kill: Kill, passed: readonly FailpointName[]): boolean {
  if (kill.kind === 'outside') return false
  if (kill.name.startsWith('recovery')) return passed.includes('P1-aligned')
  return passed.filter((name) => name === 'P9-collected').length > kill.nth + EPOCHS_OF_PATIENCE
}

function sumOf(offsets: ReadonlyMap<string, number>): number {
  return [...offsets.values()].reduce((sum, offset) => sum + offset, 0)
}

function killText(kill: Kill): string {
  return kill.kind === 'point' ? `at ${kill.name}, pass ${kill.nth}` : `${kill.delayMs} ms after ${kill.after}`
}

function endText({ code, signal, stderr }: JobEnd): string {
  return `with ${code ?? signal}: ${stderr.trim().split('\n').slice(-6).join(' | ')}`
}
