/** Time as a port: `core` never asks the machine. */
export interface Clock {
  /** Wall time, epoch ms. */
  now(): number
  /** Milliseconds that never go back; the origin means nothing. */
  monotonic(): number
  /** Resolves after `ms`; rejects with the signal's reason when aborted before. */
  after(ms: number, signal?: AbortSignal): Promise<void>
}

/** Waits for `ms`, or until `signal` is aborted; says which of the two came first. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<'over' | 'aborted'> {
  if (signal.aborted) return 'aborted'
  try {
    await clock.after(ms, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return signal.aborted ? 'aborted' : 'over'
}
