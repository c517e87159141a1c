/** A function of a user that throws when it is called for these times, counted over all lives of the process. */
export function throwingAt(calls: readonly number[]): () => void {
  let count = 0
  return () => {
    if (calls.includes(count++)) throw new Error('a function of the user failed')
  }
}
