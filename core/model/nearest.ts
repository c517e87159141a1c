import { MillraceError } from './errors.ts'

/** The candidate nearest to `word` by edit distance, if it is near enough to be a likely slip; for "did you mean". */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** `; did you mean "x"?`, or nothing where no candidate is near; to be added to a message about an unknown word. */
export function hint(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates)
  return near === undefined ? '' : `; did you mean "${near}"?`
}

/** `; did you mean "x"?` or the list of what is allowed, to be added to a message about an unknown word. */
export function suggestion(word: string, candidates: readonly string[]): string {
  return hint(word, candidates) || `; allowed are ${candidates.join(', ')}`
}

/**
 * Throws `MR_OPTION_UNKNOWN` for the first key of `options` that is not in `allowed`, and `MR_OPTION_INVALID` where a caller
 * without types gave no object. `where` names the function.
 */
export function refuseUnknownKeys(where: string, options: object | null | undefined, allowed: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new MillraceError('MR_OPTION_INVALID', `${where}: it takes an object of options: ${allowed.join(', ')}`)
  }
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key)) {
      throw new MillraceError('MR_OPTION_UNKNOWN', `${where}: unknown option "${key}"${suggestion(key, allowed)}`)
    }
  }
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution))
    }
    previous = current
  }
  return previous[b.length]!
}
