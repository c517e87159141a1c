import { setTimeout as sleep } from 'node:timers/promises'

/** How often to look, and how long to wait after each look in vain. */
export interface Looks {
  readonly looks: number
  readonly everyMs: number
}

/**
 * Looks until there is something, then gives it. A look that throws was in vain too: the cluster may need a moment. In the end it
 * throws `message`, with the error of the last look as the cause.
 */
export async function eventually<T>(
  message: string,
  { looks, everyMs }: Looks,
  look: () => Promise<T | undefined>,
): Promise<T> {
  let cause: unknown
  for (let i = 0; i < looks; i++) {
    try {
      const found = await look()
      if (found !== undefined) return found
      cause = undefined
    } catch (error) {
      cause = error
    }
    await sleep(everyMs)
  }
  throw new Error(message, { cause })
}
