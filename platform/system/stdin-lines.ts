import { createInterface } from 'node:readline'

/** The lines of standard input, without their ends, as they come. */
export function stdinLines(): AsyncIterable<string> {
  return createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
}
