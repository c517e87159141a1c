/** The topic of another system that a topic of the log copies, and from where on. */
export interface MirrorOrigin {
  readonly topic: string
  /** Absent where whoever made the copy knew topics by name only. */
  readonly topicId?: string
  /** The first offset there that counts, by partition. */
  readonly starts: readonly number[]
}

/** Whether stored JSON is one, for a topic of so many partitions. */
export function isMirrorOrigin(value: unknown, partitions: number): value is MirrorOrigin {
  if (typeof value !== 'object' || value === null) return false
  // Each field is checked before use.
  const { topic, topicId, starts } = value as Partial<Record<keyof MirrorOrigin, unknown>>
  if (typeof topic !== 'string' || (topicId !== undefined && typeof topicId !== 'string')) return false
  return Array.isArray(starts) && starts.length === partitions && starts.every(Number.isSafeInteger)
}
