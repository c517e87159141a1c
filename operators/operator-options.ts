import { refuseUnknownKeys } from '../core/model/nearest.ts'

/** Options that every operator takes. */
export interface OperatorOptions {
  /** Stable id in plan, metrics and errors. Default: derived from source, name and position. */
  readonly id?: string
}

/** Throws `MR_OPTION_UNKNOWN` for anything else than `id`. */
export function idOf(operator: string, options: OperatorOptions): string | undefined {
  refuseUnknownKeys(operator, options, ['id'])
  return options.id
}
