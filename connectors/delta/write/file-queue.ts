import { MillraceError } from '../../../core/model/errors.ts'

/** Something to be made durable, and how much memory it holds until then. */
interface Sized {
  readonly sizeBytes: number
}

type Outcome<R> = { readonly kind: 'done'; readonly result: R } | { readonly kind: 'failed'; readonly error: unknown }

/**
 * Makes one thing after another durable, in order. A failure is final: what comes after it is not attempted, and every
 * later call says so.
 */
export class FileQueue<J extends Sized, R> {
  readonly #write: (job: J) => Promise<R>
  readonly #limitBytes: number
  #tail: Promise<unknown> = Promise.resolve()
  #outcomes: Promise<Outcome<R>>[] = []
  #failure: { readonly error: unknown } | undefined
  #waitingBytes = 0
  #wakers: (() => void)[] = []

  constructor(write: (job: J) => Promise<R>, limitBytes: number) {
    this.#write = write
    this.#limitBytes = limitBytes
  }

  /** True where more waits for the disk than the limit. */
  get isBusy(): boolean {
    return this.#waitingBytes > this.#limitBytes
  }

  /** Throws the failure there was, if any. */
  push(job: J): void {
    this.#throwFailure()
    this.#waitingBytes += job.sizeBytes
    const outcome = this.#tail.then(() => this.#run(job))
    this.#tail = outcome
    this.#outcomes.push(outcome)
  }

  /** The results of all jobs pushed since the last call; rejects with the first failure. */
  async take(): Promise<readonly R[]> {
    const outcomes = this.#outcomes
    this.#outcomes = []
    const results: R[] = []
    for (const outcome of await Promise.all(outcomes)) {
      if (outcome.kind === 'failed') throw outcome.error
      results.push(outcome.result)
    }
    this.#throwFailure()
    return results
  }

  /** Resolves when `isBusy` is false; rejects where writing failed. */
  async ready(): Promise<void> {
    while (this.isBusy && this.#failure === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wakers.push(resolve)
      await promise
    }
    this.#throwFailure()
  }

  /** Gives up what is not written; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#failure ??= {
      error: new MillraceError('MR_TASK_FAILED', 'the sink was aborted before its files were written'),
    }
    await this.#tail
  }

  async #run(job: J): Promise<Outcome<R>> {
    const outcome = await this.#attempt(job)
    this.#waitingBytes -= job.sizeBytes
    for (const wake of this.#wakers.splice(0)) wake()
    return outcome
  }

  async #attempt(job: J): Promise<Outcome<R>> {
    if (this.#failure !== undefined) return { kind: 'failed', error: this.#failure.error }
    try {
      return { kind: 'done', result: await this.#write(job) }
    } catch (error) {
      this.#failure = { error }
      return { kind: 'failed', error }
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
