import type { Field } from '../../core/model/contract.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { type ExpressionNode, expressionText } from '../../core/model/expression.ts'
import type { FieldValue, Schema, SchemaField } from '../../core/model/field-type.ts'
import type { PlanValue } from '../../core/ports/operator.ts'
import { type Expression, isExpression, type ResultOf } from '../expression/expression.ts'
import { expressionType } from '../expression/expression-type.ts'

/** How a column comes about: by an expression, or by a field type and a function of the record. */
export type Derivation<T, Result> = Expression<T, Result> | readonly [Field<Result>, (record: T) => NoInfer<Result>]

/** The record type that derivations give on records of type `T`. */
export type Derived<T, Results> = { readonly [K in keyof Results]: ResultOf<T, Results[K]> }

/** A derivation bound to the schema of its input. */
export type BoundDerivation =
  | { readonly kind: 'expression'; readonly field: SchemaField; readonly node: ExpressionNode }
  | { readonly kind: 'function'; readonly field: SchemaField; readonly compute: (record: never) => FieldValue }

/** Derivations as they come in, before anything is known of the schema. */
export type Derivations = Readonly<Record<string, unknown>>

/** Binds derivations to the schema of their input; checks names and types. */
export function bindDerivations(operator: string, derivations: Derivations, input: Schema): readonly BoundDerivation[] {
  return Object.entries(derivations).map(([name, derivation]) => {
    if (isExpression(derivation)) {
      const { type, optional } = expressionType(derivation.node, input)
      return { kind: 'expression', field: { name, type, optional }, node: derivation.node }
    }
    if (!isFunctionDerivation(derivation)) throw misuse(operator, name)
    const [{ type, optional }, compute] = derivation
    return { kind: 'function', field: { name, type, optional }, compute }
  })
}

/** Derivations as plain data for plan and digest. */
export function describeDerivations(operator: string, derivations: Derivations): PlanValue {
  if (Object.keys(derivations).length === 0) {
    throw new MillraceError('MR_OPTION_INVALID', `${operator}: name at least one column`)
  }
  const described: Record<string, PlanValue> = {}
  for (const [name, derivation] of Object.entries(derivations)) {
    if (isExpression(derivation)) described[name] = expressionText(derivation.node)
    else if (isFunctionDerivation(derivation)) {
      described[name] = {
        type: { ...derivation[0].type },
        optional: derivation[0].optional,
        function: String(derivation[1]),
      }
    } else throw misuse(operator, name)
  }
  return described
}

function isFunctionDerivation(value: unknown): value is readonly [Field<unknown>, (record: never) => FieldValue] {
  if (!(Array.isArray(value) && value.length === 2)) return false
  const [type, compute]: readonly unknown[] = value
  return typeof type === 'object' && type !== null && 'type' in type && typeof compute === 'function'
}

function misuse(operator: string, name: string): MillraceError {
  const allowed = 'an expression such as field("x") or utcDate("x"), or [type, function] such as [string(), (r) => r.x]'
  return new MillraceError('MR_OPTION_INVALID', `${operator}: column "${name}" must be ${allowed}`)
}
