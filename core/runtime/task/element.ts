import type { Batch } from '../../model/batch.ts'
import type { Barrier, Watermark } from '../../model/control.ts'

/** What passes through a chain: records, and the control elements among them, in order. */
export type Element = Batch | Watermark | Barrier
