/** Where to go on reading a split. */
export interface Position {
  /** Next offset to read. */
  readonly offset: number
  /** Identity of the topic: another one at the same name means that offsets mean other records. */
  readonly incarnation: string
  /** Leader epoch of the record before, where the source has such: shows that a log was truncated under the reader. */
  readonly leaderEpoch?: number
}

/** One split of a source: the unit of source work. `id` is stable, such as `events-2`. */
export interface Split {
  readonly id: string
  readonly topic: string
  readonly partition: number
}

/** Id of the split that is one partition of a topic. */
export function splitId(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** Topic and partition in the id of a split; partition 0 of the whole id where it does not end in a number. */
export function placeOfSplit(id: string): { readonly topic: string; readonly partition: number } {
  const dash = id.lastIndexOf('-')
  const partition = Number(id.slice(dash + 1))
  return dash > 0 && Number.isInteger(partition) ? { topic: id.slice(0, dash), partition } : { topic: id, partition: 0 }
}

/** Half-open range of offsets of one split that an epoch covers. */
export interface OffsetRange {
  readonly split: string
  readonly from: number
  readonly to: number
}
