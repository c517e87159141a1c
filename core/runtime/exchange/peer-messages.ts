import type { GatheredColumns } from './batch-gatherer.ts'

/** Records from one task to another, in columns whose buffers were handed over. */
export interface RecordsMessage extends GatheredColumns {
  readonly kind: 'records'
  readonly exchange: string
  /** Worker of the sending task. */
  readonly from: number
  readonly rows: number
}

export interface WatermarkMessage {
  readonly kind: 'watermark'
  readonly exchange: string
  readonly from: number
  readonly time: number
}

export interface BarrierMessage {
  readonly kind: 'barrier'
  readonly exchange: string
  readonly from: number
  readonly epoch: number
}

/** Permission to send one more batch, from the receiver back to the sender. */
export interface CreditMessage {
  readonly kind: 'credit'
  readonly exchange: string
  /** Worker of the receiving task, which gives the credit. */
  readonly from: number
  /** The columns of the batch that was taken: their memory serves the sender again. */
  readonly emptied: GatheredColumns
}

/** What an input gate takes. */
export type GateMessage = RecordsMessage | WatermarkMessage | BarrierMessage

/** Everything that workers tell each other, on a link of their own. */
export type PeerMessage = GateMessage | CreditMessage
