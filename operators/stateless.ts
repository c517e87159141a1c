import type { Batch } from '../core/model/batch.ts'
import { MillraceError } from '../core/model/errors.ts'
import type { Operator, Output } from '../core/ports/operator.ts'

/** An operator that looks at one batch at a time: no state, no timers. `id` names it in errors. */
export function stateless(id: string, onBatch: (batch: Batch, output: Output) => void): Operator {
  return {
    onBatch,
    onWatermark: () => undefined,
    snapshot: () => [],
    restore: () => {
      throw new MillraceError('MR_PLAN_INCOMPATIBLE', `operator "${id}" keeps no state, but state was stored for it`)
    },
    horizon: Number.NEGATIVE_INFINITY,
  }
}
