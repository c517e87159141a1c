import type { SinkStatus } from '../ports/sink.ts'

/** What the local state store holds. `finalized`: every sink is known to have the epoch. */
export type LocalFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'foreign'; readonly pipeline: string }
  | { readonly kind: 'corrupt'; readonly reason: string }
  | { readonly kind: 'epoch'; readonly epoch: number; readonly hash: string; readonly isFinalized: boolean }

/**
 * What the shared checkpoint store holds: its newest checkpoint manifest (claims do not count). `highest`: the highest
 * number that is taken, by a claim too; absent where no claim is above.
 */
export type SharedFacts =
  | { readonly kind: 'not-configured' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'empty'; readonly highest?: number }
  | { readonly kind: 'epoch'; readonly epoch: number; readonly hash: string; readonly highest?: number }

/** What one sink says of the local store's intent, or of its last committed epoch where it has none. */
export interface SinkFacts {
  readonly sink: string
  readonly hasIntent: boolean
  readonly status: SinkStatus
}

export interface RecoveryFacts {
  readonly local: LocalFacts
  readonly shared: SharedFacts
  readonly sinks: readonly SinkFacts[]
}

/**
 * How a job goes on:
 * `fresh`: nothing anywhere; `resume`: from a finalized epoch; `redo`: the open intents are committed first;
 * `finalize`: all sinks have the open epoch already; `superseded`: the shared store is ahead of, or other than, the local
 * one: the local store is dropped and rebuilt from it (epoch 0: from nothing). Everything else stops with a named error.
 */
export type RecoveryOutcome =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'resume'; readonly epoch: number }
  | { readonly kind: 'redo'; readonly epoch: number; readonly sinks: readonly string[] }
  | { readonly kind: 'finalize'; readonly epoch: number }
  | { readonly kind: 'superseded'; readonly epoch: number }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'staged-missing'; readonly sink: string }
  | { readonly kind: 'table-replaced'; readonly sink: string }
  | { readonly kind: 'table-ahead'; readonly sink: string }
  | { readonly kind: 'table-behind'; readonly sink: string }
  | { readonly kind: 'foreign-checkpoint'; readonly pipeline: string }
  | { readonly kind: 'corrupt'; readonly reason: string }

/** Words of all outcomes, for tests that every one of them was met. */
export const RECOVERY_OUTCOMES = [
  'fresh',
  'resume',
  'redo',
  'finalize',
  'superseded',
  'blocked',
  'staged-missing',
  'table-replaced',
  'table-ahead',
  'table-behind',
  'foreign-checkpoint',
  'corrupt',
] as const satisfies readonly RecoveryOutcome['kind'][]

/** Decides from what is stored and what the sinks say; never from time or chance. Pure. */
export function decideRecovery({ local, shared, sinks }: RecoveryFacts): RecoveryOutcome {
  if (local.kind === 'foreign') return { kind: 'foreign-checkpoint', pipeline: local.pipeline }
  if (shared.kind === 'unreadable') return { kind: 'blocked', reason: shared.reason }
  if (shared.kind === 'epoch' && !agrees(local, shared)) return { kind: 'superseded', epoch: shared.epoch }
  if (shared.kind === 'empty' && isFenced(local, { epoch: 0, ...shared })) return { kind: 'superseded', epoch: 0 }
  if (local.kind === 'corrupt') return { kind: 'corrupt', reason: local.reason }
  const refusal = refusedBy(sinks)
  if (refusal !== undefined) return refusal
  if (local.kind === 'none') return { kind: 'fresh' }
  const open = sinks.filter((sink) => sink.hasIntent && sink.status === 'at-start').map((sink) => sink.sink)
  if (local.isFinalized && open[0] !== undefined) return { kind: 'table-behind', sink: open[0] }
  if (local.isFinalized) return { kind: 'resume', epoch: local.epoch }
  return open.length === 0
    ? { kind: 'finalize', epoch: local.epoch }
    : { kind: 'redo', epoch: local.epoch, sinks: open }
}

/**
 * The local store may be one epoch ahead of the shared one (it died between P3 and P4) and still be its continuation;
 * an epoch that both have must be the same one.
 */
function agrees(
  local: LocalFacts,
  shared: { readonly epoch: number; readonly hash: string; readonly highest?: number },
): boolean {
  if (local.kind !== 'epoch') return false
  if (local.epoch === shared.epoch) return local.hash === shared.hash
  return local.epoch > shared.epoch && !isFenced(local, shared)
}

/**
 * True where another owner took the number of an epoch that was prepared here but never published, so that no sink has
 * it: an own claim is below every epoch after it.
 */
function isFenced(local: LocalFacts, shared: { readonly epoch: number; readonly highest?: number }): boolean {
  if (local.kind !== 'epoch' || local.isFinalized || local.epoch <= shared.epoch) return false
  return (shared.highest ?? 0) >= local.epoch
}

function refusedBy(sinks: readonly SinkFacts[]): RecoveryOutcome | undefined {
  for (const { sink, status } of sinks) {
    switch (status) {
      case 'unreachable':
        return { kind: 'blocked', reason: `sink "${sink}" cannot be read` }
      case 'replaced':
        return { kind: 'table-replaced', sink }
      case 'ahead':
        return { kind: 'table-ahead', sink }
      case 'behind':
        return { kind: 'table-behind', sink }
      case 'staged-missing':
        return { kind: 'staged-missing', sink }
      case 'at-start':
      case 'at-end':
        break
    }
  }
  return undefined
}
