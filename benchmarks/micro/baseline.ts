import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Spread } from '../figures.ts'

const path = fileURLToPath(new URL('baseline.json', import.meta.url))

/** How much dearer than its baseline a piece may be in the median. */
const TOLERANCE = 1.15

/** CPU time of one piece per record, µs, and its ratio to the yardstick. */
export interface MeasuredPiece {
  readonly name: string
  readonly micros: Spread
  readonly ratio: Spread
}

/** Ratios by the names of pieces. */
export type Baseline = Readonly<Record<string, Spread>>

export function readBaseline(): Baseline {
  return JSON.parse(readFileSync(path, 'utf8')) as Baseline
}

export function writeBaseline(pieces: readonly MeasuredPiece[]): void {
  const baseline = Object.fromEntries(pieces.map(({ name, ratio }) => [name, rounded(ratio)]))
  writeFileSync(path, `${JSON.stringify(baseline, null, 2)}\n`)
}

/** True where a piece became dearer and noise is no excuse: by 15 % in the median, and in each round above the median of before. */
export function isDearer(ratio: Spread, before: Spread | undefined): boolean {
  return before !== undefined && ratio.median > TOLERANCE * before.median && ratio.min > before.median
}

export function changeText(ratio: Spread, before: Spread | undefined): string {
  if (before === undefined) return 'new'
  const percent = Math.round(100 * (ratio.median / before.median - 1))
  return `${percent > 0 ? '+' : ''}${percent} %${isDearer(ratio, before) ? ', dearer' : ''}`
}

function rounded({ median, min, max }: Spread): Spread {
  const [a, b, c] = [median, min, max].map((figure) => Number(figure.toPrecision(4)))
  return { median: a!, min: b!, max: c! }
}
