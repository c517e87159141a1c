/** Time as a port: `core` never asks the machine. */
export interface Clock {
  /** Wall time, epoch ms. */
  now(): number
  /** Milliseconds that never go back; the origin means nothing. */
  monotonic(): number
  /** Resolves after `ms`; rejects with the signal's reason when aborted before. */
  after(ms: number, signal?: AbortSignal): Promise<void>
}
