import { FAILPOINTS } from '../../core/ports/failpoint.ts'
import type { CountedKill, RoundResult } from './crash-round.ts'

/** What a crash run came to. */
export interface CrashReport {
  readonly seed: number
  readonly planned: number
  readonly rounds: readonly RoundResult[]
  readonly elapsedMs: number
  /** What readers that are not ours found wrong, and which ones they were. */
  readonly foreign: { readonly readers: string; readonly violations: readonly string[] }
}

const NEEDED_SHARE = 0.3
/** With fewer kills their places are chance. */
const FEWEST_FOR_A_SHARE = 30
/** Half of the kills aim at a point each, in turn; with fewer there is no second try for one that was missed. */
const FEWEST_FOR_ALL_POINTS = 100

export function killsOf({ rounds }: Pick<CrashReport, 'rounds'>): readonly CountedKill[] {
  return rounds.flatMap((round) => round.kills)
}

export function violationsOf({ rounds, foreign }: CrashReport): readonly string[] {
  return [
    ...rounds.flatMap(({ options, violations }) => violations.map((line) => `round ${options.index}: ${line}`)),
    ...foreign.violations,
  ]
}

/** Why kills prove nothing although nothing is violated; empty where they do. */
export function voidBecause(kills: readonly CountedKill[], planned: number): readonly string[] {
  const reasons: string[] = []
  if (kills.length < planned) reasons.push(`${kills.length} of ${planned} kills were made`)
  const share = shareInCommit(kills)
  if (planned >= FEWEST_FOR_A_SHARE && share < NEEDED_SHARE)
    reasons.push(`only ${percent(share)} of the kills lie between P2 and P7`)
  if (planned >= FEWEST_FOR_ALL_POINTS) {
    const hit = new Set(kills.filter(({ kind }) => kind === 'point').map(({ at }) => at))
    const missed = FAILPOINTS.filter((name) => !hit.has(name))
    if (missed.length > 0) reasons.push(`no kill at ${missed.join(', ')}`)
  }
  return reasons
}

/** Kills by place, rounds, and the verdict, for people. */
export function reportText(report: CrashReport): string {
  const kills = killsOf(report)
  const reasons = voidBecause(kills, report.planned)
  const violations = violationsOf(report)
  const seconds = report.elapsedMs / 1000
  return [
    `${kills.length} kills in ${seconds.toFixed(0)} s (${(kills.length / seconds).toFixed(2)} per second), seed ${report.seed}`,
    ...histogramOf(kills),
    '',
    ...report.rounds.map(roundText),
    `read by others: ${report.foreign.readers}`,
    ...violations.map((line) => `violation: ${line}`),
    ...reasons.map((line) => `void: ${line}`),
    violations.length === 0 ? (reasons.length === 0 ? 'no violation' : 'no violation, but the run is void') : 'FAILED',
  ].join('\n')
}

/** How many kills fell at which point. */
export function histogramOf(kills: readonly CountedKill[]): readonly string[] {
  const header = `${'last point passed'.padEnd(24)}${'at it'.padStart(8)}${'outside'.padStart(9)}`
  const lines = [...FAILPOINTS, 'start' as const].map((name) => {
    const here = kills.filter(({ at }) => at === name)
    const atIt = here.filter(({ kind }) => kind === 'point').length
    return `${name.padEnd(24)}${String(atIt).padStart(8)}${String(here.length - atIt).padStart(9)}`
  })
  return [header, ...lines, `between P2 and P7: ${percent(shareInCommit(kills))}`]
}

/** One round in a line. */
export function roundText({ options, kills, voids, stateLosses, looks, records, verdict }: RoundResult): string {
  const mode = options.losesState ? `shared, state lost ${stateLosses}×` : options.isShared ? 'shared' : 'local'
  const result =
    verdict === undefined
      ? 'not judged'
      : `${verdict.rows.length} rows, ${verdict.windows} windows, ${verdict.letters} dead letters, ${verdict.versions} versions, epoch ${verdict.epoch}`
  return `round ${options.index} (${mode}, epochs of ${options.epochMs} ms): ${kills.length} kills, ${voids} void, ${looks} looks, ${records} records, ${result}`
}

/** A kill whose last passed point is one of P2 … P6 fell between P2 and P7. */
function shareInCommit(kills: readonly CountedKill[]): number {
  if (kills.length === 0) return 0
  return kills.filter(({ at }) => /^P[2-7]/.test(at)).length / kills.length
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
