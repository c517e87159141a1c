import { CODECS } from '../../formats/record-batch/compression.ts'
import { type HostileInput, LEVELS } from './hostile-inputs.ts'
import { MUTATIONS } from './mutations.ts'
import { BATCH_CODES, type Outcome } from './violation.ts'

/** An input that stands out, by its number. */
export interface Extreme {
  readonly index: number
  readonly value: number
}

/** Counts of what inputs came to, as plain data that can be added up. */
export interface FuzzTally {
  /** By level, codec, mutation and outcome, with bars between. */
  readonly counts: Readonly<Record<string, number>>
  /** In milliseconds. */
  readonly slowest: Extreme
  /** Memory outside of V8's heap that one input took: buffers and WebAssembly. */
  readonly mostBytes: Extreme
}

export const NO_TALLY: FuzzTally = { counts: {}, slowest: { index: 0, value: 0 }, mostBytes: { index: 0, value: 0 } }

export function keyOf({ level, codec, mutation }: HostileInput, outcome: Outcome): string {
  return [level, codec, mutation, outcome].join('|')
}

export function sumOf(tallies: readonly FuzzTally[]): FuzzTally {
  const counts: Record<string, number> = {}
  for (const tally of tallies)
    for (const [key, count] of Object.entries(tally.counts)) counts[key] = (counts[key] ?? 0) + count
  return {
    counts,
    slowest: largest(tallies.map(({ slowest }) => slowest)),
    mostBytes: largest(tallies.map(({ mostBytes }) => mostBytes)),
  }
}

export function inputsOf({ counts }: FuzzTally): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** Why the run proves nothing although nothing was found; empty where it does. */
export function voidBecause(tally: FuzzTally): readonly string[] {
  const has = (...names: readonly string[]): boolean => count(tally, names) > 0
  return [
    ...MUTATIONS.flatMap((mutation) =>
      CODECS.filter((codec) => !has(mutation, codec)).map((codec) => `no ${mutation} with codec ${codec}`),
    ),
    ...LEVELS.filter((level) => !has(level, 'decoded')).map((level) => `nothing decoded at level ${level}`),
    ...CODECS.filter((codec) => !has(codec, 'batch', 'decoded')).map((codec) => `nothing decoded with codec ${codec}`),
    ...[...BATCH_CODES, 'MR_KAFKA_PROTOCOL'].filter((code) => !has(code)).map((code) => `${code} never occurred`),
  ]
}

/** Two tables: inputs by mutation and by level, and what became of them. */
export function tableOf(tally: FuzzTally): readonly string[] {
  return [...rowsOf('mutation', MUTATIONS, tally), '', ...rowsOf('level', LEVELS, tally)]
}

const OUTCOMES = {
  decoded: ['decoded'],
  corrupt: ['MR_RECORD_BATCH_CORRUPT'],
  unsupported: ['MR_RECORD_BATCH_UNSUPPORTED'],
  'too large': ['MR_RECORD_BATCH_TOO_LARGE'],
  protocol: ['MR_KAFKA_PROTOCOL', 'MR_KAFKA_UNREACHABLE'],
} as const

function rowsOf(title: string, names: readonly string[], tally: FuzzTally): readonly string[] {
  const cells = (name: string | undefined): readonly number[] => {
    const own = name === undefined ? [] : [name]
    return [
      ...CODECS.map((codec) => count(tally, [...own, codec])),
      ...Object.values(OUTCOMES).map((codes) => codes.reduce((sum, code) => sum + count(tally, [...own, code]), 0)),
    ]
  }
  const heads = [...CODECS.map((codec) => (codec === 'none' ? 'plain' : codec)), ...Object.keys(OUTCOMES)]
  return [
    title.padEnd(13) + heads.map((head) => head.padStart(12)).join(''),
    ...names.map((name) => name.padEnd(13) + numbers(cells(name))),
    'all'.padEnd(13) + numbers(cells(undefined)),
  ]
}

function numbers(cells: readonly number[]): string {
  return cells.map((cell) => cell.toLocaleString('en').padStart(12)).join('')
}

/** Inputs of which all this is true. */
function count({ counts }: FuzzTally, names: readonly string[]): number {
  return Object.entries(counts)
    .filter(([key]) => names.every((name) => key.split('|').includes(name)))
    .reduce((sum, [, found]) => sum + found, 0)
}

function largest(extremes: readonly Extreme[]): Extreme {
  return extremes.toSorted((a, b) => b.value - a.value)[0] ?? { index: 0, value: 0 }
}
