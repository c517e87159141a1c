import { type Batch, unknownField } from '../core/model/batch.ts'
import { MillraceError } from '../core/model/errors.ts'
import { type FieldValue, fieldIndex, type Schema } from '../core/model/field-type.ts'
import type { KeySelector } from '../core/model/key.ts'
import type { PlanValue } from '../core/ports/operator.ts'

/** How a user names a key: a field, several fields, or a function that returns the value or values. */
export type KeyOption<T> =
  | (keyof T & string)
  | readonly (keyof T & string)[]
  | ((record: T) => FieldValue | readonly FieldValue[])

/** The selector of a key option. Throws `MR_OPTION_INVALID` naming `where`. */
export function keySelector<T>(where: string, key: KeyOption<T>): KeySelector {
  if (typeof key === 'function') return { kind: 'function', keyOf: key }
  const names: readonly string[] = typeof key === 'string' ? [key] : [...(Array.isArray(key) ? key : [])]
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name === '')) {
    throw new MillraceError('MR_OPTION_INVALID', `${where}: key must be a field name, a list of them, or a function`)
  }
  return { kind: 'fields', names }
}

/** A selector as plain data, for the plan and its digest. */
export function keyPlanValue(selector: KeySelector): PlanValue {
  return selector.kind === 'fields' ? selector.names : { function: selector.keyOf.toString() }
}

/** Throws `MR_FIELD_UNKNOWN` where the selector names a field that records of this schema do not have. */
export function checkKeyFields(selector: KeySelector, schema: Schema): void {
  if (selector.kind === 'function') return
  for (const name of selector.names) if (fieldIndex(schema, name) < 0) throw unknownField(name, schema)
}

/** The key hashes of a batch, four words per physical row. */
export function keysOf(operator: string, { system }: Batch): Int32Array {
  if (system.keys !== null) return system.keys
  throw new MillraceError('MR_INTERNAL', `${operator} got a batch without keys: an exchange must stand before it`)
}
