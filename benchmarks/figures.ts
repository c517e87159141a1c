/** The middle of some figures with the least and the greatest. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The middle figure of a list that is not empty (of two middle ones the mean), with its extremes. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

/** As {@link spreadText}; a dash where nothing is known. */
export function optionalText(spread: Spread | undefined): string {
  return spread === undefined ? '–' : spreadText(spread)
}

/** `2.41 (2.38–2.52)`. */
export function spreadText({ median, min, max }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
}
