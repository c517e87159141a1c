const SAMPLES = 63

/** About the median of the first `count` times, from evenly spread samples; +∞ where there are none. */
export function medianTime(times: Float64Array, count: number): number {
  if (count === 0) return Number.POSITIVE_INFINITY
  const samples = new Float64Array(Math.min(SAMPLES, count))
  for (let i = 0; i < samples.length; i++) samples[i] = times[Math.floor((i * count) / samples.length)]!
  samples.sort()
  return samples[samples.length >> 1]!
}
