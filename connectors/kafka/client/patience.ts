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
  readonly logger?: Pick<Logger, 'warn'>
}

export interface PatienceLimits {
  /** Codes that trying again may mend. Default: `MR_KAFKA_UNREACHABLE`. */
  readonly healing?: readonly ErrorCode[]
  /** Default: 30 s. */
  readonly lastsMs?: number
  /** Aborted when nobody wants it any more. */
  readonly signal?: AbortSignal
}

/** Tries what fails with a code that may heal again for 30 s, with growing pauses. */
export class Patience {
  readonly #ports: PatiencePorts
  readonly #healing: readonly ErrorCode[]
  readonly #lastsMs: number
  readonly #signal: AbortSignal

  constructor(ports: PatiencePorts, limits: PatienceLimits = {}) {
    const { healing = ['MR_KAFKA_UNREACHABLE'], lastsMs = PATIENCE_MS, signal = new AbortController().signal } = limits
    this.#ports = ports
    this.#healing = healing
    this.#lastsMs = lastsMs
    this.#signal = signal
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

  /** Rejects with the last error when patience is over or the signal is aborted, and at once with any other error. */
  async with<T>(work: () => Promise<T>): Promise<T> {
    const { clock, random, logger } = this.#ports
    let since: number | undefined
    for (let failures = 0; ; failures++) {
      try {
        return await work()
      } catch (error) {
        if (!this.#mayHeal(error)) throw error
        since ??= clock.monotonic()
        if (clock.monotonic() - since > this.#lastsMs) throw error
        if (failures === 0) logger?.warn('Kafka does not answer; trying again', { reason: error.message })
        if ((await pause(clock, pauseMs(failures, random), this.#signal)) === 'aborted') throw error
      }
    }
  }

  #mayHeal(error: unknown): error is MillraceError {
    return error instanceof MillraceError && this.#healing.includes(error.code)
  }
}
