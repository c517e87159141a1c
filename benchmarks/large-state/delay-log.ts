import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'

/** How late a record reached the sink, that was due at a time of the clock of clock.ts. */
export type Delay = readonly [atMs: number, delayMs: number]

const PREFIX = 'delays-'
const NUMBERS = 1_024

/**
 * Delays that one thread saw, in a file of its own, a few KB at a time: what is measured does not travel with the barrier, whose cost it
 * is to tell.
 */
export class DelayLog {
  readonly #numbers = new Float64Array(NUMBERS)
  #count = 0

  add(atMs: number, delayMs: number): void {
    this.#numbers[this.#count++] = atMs
    this.#numbers[this.#count++] = delayMs
    if (this.#count === NUMBERS) this.flush()
  }

  flush(): void {
    appendFileSync(`${PREFIX}${threadId}`, new Uint8Array(this.#numbers.buffer, 0, 8 * this.#count))
    this.#count = 0
  }
}

/** All delays of the last run in `directory`. */
export function loggedDelays(directory: string): readonly Delay[] {
  return logsIn(directory).flatMap((path) => {
    const numbers = new Float64Array(Uint8Array.from(readFileSync(path)).buffer)
    return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!] as const)
  })
}

/** Removes what the last run in `directory` left. */
export function forgetDelays(directory: string): void {
  for (const path of logsIn(directory)) rmSync(path)
}

function logsIn(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => name.startsWith(PREFIX))
  return names.map((name) => join(directory, name))
}
