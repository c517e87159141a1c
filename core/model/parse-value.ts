import { dateText } from './column.ts'
import { MillraceError } from './errors.ts'
import type { FieldType } from './field-type.ts'

/** Days since 1970-01-01 of `yyyy-mm-dd`, or `undefined` where that is no day of the calendar. */
export function daysOf(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined
  const days = Date.parse(`${text}T00:00:00Z`) / 86_400_000
  return Number.isInteger(days) && dateText(days) === text ? days : undefined
}

/** The unscaled whole number of decimal text; throws `MR_OPERATOR_FAILED` where it does not fit exactly. */
export function unscaledOf(text: string, precision: number, scale: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  const fraction = match?.[3] ?? ''
  const kept = fraction.slice(0, scale).padEnd(scale, '0')
  const isExact = match !== null && /^0*$/.test(fraction.slice(scale))
  const unscaled = isExact ? BigInt(`${match[1]}${match[2]}${kept}`) : undefined
  if (unscaled === undefined || unscaled <= -(10n ** BigInt(precision)) || unscaled >= 10n ** BigInt(precision)) {
    throw misfit({ kind: 'decimal', precision, scale }, text)
  }
  return unscaled
}

/** The error for a value that its field cannot hold. */
export function misfit(type: FieldType, value: unknown): MillraceError {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value)
  return new MillraceError('MR_OPERATOR_FAILED', `${typeof value} ${shown} does not fit a field of type ${type.kind}`)
}
