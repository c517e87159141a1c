import type { Batch } from '../../core/model/batch.ts'
import type { Column } from '../../core/model/column.ts'
import type { FieldValue, Schema } from '../../core/model/field-type.ts'
import type { NamedOperator } from '../../core/model/operator-failure.ts'
import { type CompiledValue, compileValue } from '../expression/compile-value.ts'
import type { BoundDerivation } from './derivation.ts'
import { functionColumns, type RowFunction } from './function-columns.ts'

/** The columns of bound derivations, in their order, for one task of an operator. */
export function derivedColumns(
  operator: NamedOperator,
  derivations: readonly BoundDerivation[],
  input: Schema,
): (batch: Batch) => readonly Column[] {
  const compiled: readonly (CompiledValue | undefined)[] = derivations.map((derivation) =>
    derivation.kind === 'expression' ? compileValue(derivation.node, input, operator) : undefined,
  )
  const rowFunction = rowFunctionOf(operator, derivations)
  return (batch) => {
    const fromFunctions = rowFunction.fields.length === 0 ? [] : functionColumns(batch, rowFunction)
    let next = 0
    return compiled.map((compute) => (compute === undefined ? fromFunctions[next++]! : compute(batch)))
  }
}

/** All functions as one, so that each record becomes an object once. */
function rowFunctionOf(operator: NamedOperator, derivations: readonly BoundDerivation[]): RowFunction {
  const functions = derivations.filter((derivation) => derivation.kind === 'function')
  const compute = (record: never, index: number): FieldValue => functions[index]!.compute(record)
  return { operator, fields: functions.map(({ field }) => field), compute }
}
