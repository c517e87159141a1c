import { MillraceError } from '../../../core/model/errors.ts'
import { type Clock, pause } from '../../../core/ports/clock.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import type { Random } from '../../../core/ports/random.ts'
import { Backoff } from './backoff.ts'

/** So long a cluster may be away when it is asked for something. */
const PATIENCE_MS = 30_000

/** Tries what fails with `MR_KAFKA_UNREACHABLE` again for 30 s, with growing pauses. */
export class Patience {
  readonly #ports: { readonly clock: Clock; readonly random: Random; readonly logger: Logger }

  constructor(ports: { readonly clock: Clock; readonly random: Random; readonly logger: Logger }) {
    this.#ports = ports
  }

  /** Waits 30 s for something, then throws `MR_KAFKA_UNREACHABLE`; `what` names what was tried. */
  async until(happening: Promise<void>, what: string): Promise<void> {
    const waiting = new AbortController()
    const late = pause(this.#ports.clock, PATIENCE_MS, waiting.signal)
    const first = await Promise.race([happening.then(() => 'happened' as const), late])
    waiting.abort()
    if (first === 'over')
      throw new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: ${what}: no answer for ${PATIENCE_MS / 1_000} s`)
  }

  /** Rejects with the last error when patience is over, and at once with any other error. */
  async with<T>(work: () => Promise<T>): Promise<T> {
    const backoff = new Backoff(this.#ports)
    for (;;) {
      try {
        return await work()
      } catch (error) {
        const mayHeal = error instanceof MillraceError && error.code === 'MR_KAFKA_UNREACHABLE'
        if (!mayHeal || backoff.failingForMs > PATIENCE_MS) throw error
        if (backoff.failures === 0)
          this.#ports.logger.warn('Kafka does not answer; trying again', { reason: error.message })
        await backoff.failed()
      }
    }
  }
}
