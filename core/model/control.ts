/** A claim that no record with an earlier event time (epoch ms) will follow on this stream. */
export interface Watermark {
  readonly kind: 'watermark'
  readonly time: number
}

/** The control element that ends an epoch. It passes the same chain as the records. */
export interface Barrier {
  readonly kind: 'barrier'
  readonly epoch: number
}

/** The watermark of a stream that has seen nothing yet. */
export const NO_WATERMARK: number = Number.NEGATIVE_INFINITY
