/** Where to go on reading a split. */
export interface Position {
  /** Next offset to read. */
  readonly offset: number
  /** Identity of the topic: another one at the same name means that offsets mean other records. */
  readonly incarnation: string
}

/** One split of a source: the unit of source work. `id` is stable, such as `events-2`. */
export interface Split {
  readonly id: string
  readonly topic: string
  readonly partition: number
}

/** Half-open range of offsets of one split that an epoch covers. */
export interface OffsetRange {
  readonly split: string
  readonly from: number
  readonly to: number
}
