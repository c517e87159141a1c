import type { Batch } from './batch.ts'
import { MillraceError } from './errors.ts'

/** An operator as errors name it. */
export interface NamedOperator {
  readonly id: string
  /** Name of a split by its index. */
  splitOf(index: number): string
}

/** Which record of which operator failed. */
export interface Blame {
  readonly operator: NamedOperator
  readonly batch: Batch<unknown>
  /** Physical row. */
  readonly row: number
}

/** `MR_OPERATOR_FAILED` that names operator, split and offset of the record. */
export function operatorFailure({ operator, batch, row }: Blame, why: string, cause?: unknown): MillraceError {
  const split = operator.splitOf(batch.system.splits[row]!)
  const offset = batch.system.offsets[row]!
  const message = `operator "${operator.id}" failed at ${split}, offset ${offset}: ${why}`
  return new MillraceError('MR_OPERATOR_FAILED', message, {
    details: { operator: operator.id, split, offset },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The same for something that a function of the pipeline threw. */
export function functionFailure(blame: Blame, cause: unknown): MillraceError {
  return operatorFailure(blame, cause instanceof Error ? cause.message : String(cause), cause)
}
