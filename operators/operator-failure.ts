import type { Batch } from '../core/model/batch.ts'
import { MillraceError } from '../core/model/errors.ts'

/** Which record of which operator failed. */
export interface Blame {
  readonly operator: string
  readonly batch: Batch
  /** Physical row. */
  readonly row: number
}

/** `MR_OPERATOR_FAILED` that names operator, split index and offset of the record. */
export function operatorFailure({ operator, batch, row }: Blame, why: string, cause?: unknown): MillraceError {
  const split = batch.system.splits[row]!
  const offset = batch.system.offsets[row]!
  const message = `operator "${operator}" failed at split ${split}, offset ${offset}: ${why}`
  return new MillraceError('MR_OPERATOR_FAILED', message, {
    details: { operator, split, offset },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The same for something that a function of the pipeline threw. */
export function functionFailure(blame: Blame, cause: unknown): MillraceError {
  return operatorFailure(blame, cause instanceof Error ? cause.message : String(cause), cause)
}
