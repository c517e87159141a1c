/** What a run of the pipeline reads; the same on every thread. */
export interface Input {
  /** Keys that the state holds: the time to live covers just so many records. */
  readonly keys: number
  /** Sequence numbers of the records: `[from, to)`. Multiples of {@link SPLITS}. */
  readonly from: number
  readonly to: number
  /** Records per second over all splits; 0: as fast as they are taken. */
  readonly rate: number
  /**
   * `new`: one record in {@link REPEATED_EVERY} repeats an earlier one, the others bring a key each. `known`: all repeat one of
   * the newest tenth of the keys. `oldest-first`: as `new`, but the first record repeats the oldest key of all. `half-old`: as `new`,
   * but every second record of a split repeats one of the keys that came before an eighth of all, in no order.
   */
  readonly content: 'new' | 'known' | 'oldest-first' | 'half-old'
}

export const SPLITS = 4
export const REPEATED_EVERY = 20
/** Time to live in the deduplication, which remembers for twice as long. */
export const TTL_MS = 12 * 3_600_000

const VARIABLE = 'MILLRACE_BENCHMARK_INPUT'

export function inputEnvironment(input: Input): Readonly<Record<string, string>> {
  return { [VARIABLE]: JSON.stringify(input) }
}

export function inputOfEnvironment(): Input {
  // Only `inputEnvironment` makes it.
  return JSON.parse(process.env[VARIABLE] ?? 'null') as Input
}

/** Records of the input `new` among which there are so many keys, rounded up to whole turns of all splits. */
export function recordsFor(keys: number): number {
  const turn = SPLITS * REPEATED_EVERY
  return Math.ceil((keys * REPEATED_EVERY) / (REPEATED_EVERY - 1) / turn) * turn
}
