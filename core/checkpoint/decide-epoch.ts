import { MillraceError } from '../model/errors.ts'

/**
 * The order of epochs, as a pure function:
 *   P0 inject barrier N+1 only after P3(N); P3(N+1) only after P6(N); so at most one epoch is between P3 and P6,
 *   records flow on meanwhile, and no epoch is ever skipped.
 */

export interface EpochState {
  /** Tasks that must report before an epoch is prepared. */
  readonly tasks: number
  /** Number of the last injected barrier. */
  readonly injected: number
  /** Reports that have come for the epoch between P0 and P3; `undefined` where no barrier is under way. */
  readonly reports: number | undefined
  /** The epoch whose P3 is being written. */
  readonly preparing: number | undefined
  /** The epoch between P3 and P6. */
  readonly committing: number | undefined
  /** A barrier is wanted as soon as the rules allow it. */
  readonly isDue: boolean
  /** The job is to end with one last epoch: asked for, its barrier injected, or committed. */
  readonly ending: 'no' | 'asked' | 'injected' | 'done'
}

export type EpochEvent =
  | { readonly kind: 'due' }
  | { readonly kind: 'end' }
  | { readonly kind: 'reported'; readonly epoch: number }
  | { readonly kind: 'prepared'; readonly epoch: number }
  | { readonly kind: 'committed'; readonly epoch: number }

export type EpochEffect =
  | { readonly kind: 'inject'; readonly epoch: number; readonly isFinal: boolean }
  | { readonly kind: 'prepare'; readonly epoch: number }
  | { readonly kind: 'commit'; readonly epoch: number }
  | { readonly kind: 'finish' }

export interface EpochDecision {
  readonly state: EpochState
  readonly effects: readonly EpochEffect[]
}

/** The state of a job that goes on after epoch `last` with `tasks` tasks. */
export function initialEpochState(last: number, tasks: number): EpochState {
  return {
    tasks,
    injected: last,
    reports: undefined,
    preparing: undefined,
    committing: undefined,
    isDue: false,
    ending: 'no',
  }
}

/** Takes one event and says what follows. An event that does not fit the state is a bug and throws. */
export function decideEpoch(state: EpochState, event: EpochEvent): EpochDecision {
  return advance(apply(state, event), event.kind === 'prepared' ? [{ kind: 'commit', epoch: event.epoch }] : [])
}

function apply(state: EpochState, event: EpochEvent): EpochState {
  switch (event.kind) {
    case 'due':
      return { ...state, isDue: true }
    case 'end':
      return state.ending === 'no' ? { ...state, ending: 'asked' } : state
    case 'reported':
      if (state.reports === undefined || event.epoch !== state.injected || state.reports >= state.tasks)
        throw misfit(state, event)
      return { ...state, reports: state.reports + 1 }
    case 'prepared':
      if (state.preparing !== event.epoch) throw misfit(state, event)
      return { ...state, preparing: undefined, committing: event.epoch }
    case 'committed':
      if (state.committing !== event.epoch) throw misfit(state, event)
      return { ...state, committing: undefined }
  }
}

function advance(state: EpochState, effects: readonly EpochEffect[]): EpochDecision {
  if (state.reports === state.tasks && state.committing === undefined && state.preparing === undefined) {
    const prepare: EpochEffect = { kind: 'prepare', epoch: state.injected }
    return { state: { ...state, reports: undefined, preparing: state.injected }, effects: [...effects, prepare] }
  }
  const isOpen = state.reports !== undefined || state.preparing !== undefined
  if (!isOpen && (state.ending === 'asked' || (state.ending === 'no' && state.isDue))) {
    const isFinal = state.ending === 'asked'
    const epoch = state.injected + 1
    const next: EpochState = {
      ...state,
      injected: epoch,
      reports: 0,
      isDue: false,
      ending: isFinal ? 'injected' : 'no',
    }
    return { state: next, effects: [...effects, { kind: 'inject', epoch, isFinal }] }
  }
  if (!isOpen && state.committing === undefined && state.ending === 'injected') {
    return { state: { ...state, ending: 'done' }, effects: [...effects, { kind: 'finish' }] }
  }
  return { state, effects }
}

function misfit(state: EpochState, event: EpochEvent): MillraceError {
  const message = `epoch protocol: ${JSON.stringify(event)} does not fit ${JSON.stringify(state)}`
  return new MillraceError('MR_INTERNAL', message)
}
