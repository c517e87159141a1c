import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { type Clock, pause } from '../../../core/ports/clock.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import type { Random } from '../../../core/ports/random.ts'
import { pauseMs } from './pause-ms.ts'

/** So long a cluster may be away when it is asked for something. */
const PATIENCE_MS = 30_000

export interface PatiencePorts {
  readonly clock: Clock
  readonly random: Random
  /** Without one nothing is said of what is tried again. */
  readonly logger?: Logger
}

/** Tries what fails with a code that may heal again for 30 s, with growing pauses. */
export class Patience {
  readonly #ports: PatiencePorts
  readonly #healing: readonly ErrorCode[]

  constructor(ports: PatiencePorts, healing: readonly ErrorCode[] = ['MR_KAFKA_UNREACHABLE']) {
    this.#ports = ports
    this.#healing = healing
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
    const { clock, random, logger } = this.#ports
    let since: number | undefined
    for (let failures = 0; ; failures++) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof MillraceError) || !this.#healing.includes(error.code)) throw error
        since ??= clock.monotonic()
        if (clock.monotonic() - since > PATIENCE_MS) throw error
        if (failures === 0) logger?.warn('Kafka does not answer; trying again', { reason: error.message })
        await clock.after(pauseMs(failures, random))
      }
    }
  }
}
