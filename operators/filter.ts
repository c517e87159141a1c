// hot path
import type { Batch } from '../core/model/batch.ts'
import { MillraceError } from '../core/model/errors.ts'
import { type ConditionNode, type ExpressionNode, expressionText, isCondition } from '../core/model/expression.ts'
import type { Schema } from '../core/model/field-type.ts'
import { functionFailure, type NamedOperator, operatorFailure } from '../core/model/operator-failure.ts'
import type { Operator, OperatorFunction, Output } from '../core/ports/operator.ts'
import { compileCondition, scratchMask, selectMasked } from './expression/compile-condition.ts'
import { type Condition, isExpression } from './expression/expression.ts'
import { expressionType } from './expression/expression-type.ts'
import { idOf, type OperatorOptions } from './operator-options.ts'
import { stateless } from './stateless.ts'

/**
 * Lets through the records for which `predicate` is true; the others are counted as dropped, reason `filtered`. Keeps
 * the order, has no state. An expression stays columnar; a function gets every record as an object, must return true or
 * false, and stops the task with `MR_OPERATOR_FAILED` where it throws.
 *
 * @example
 * filter(field('amount_cents').gt(0))
 * filter((order) => order.amount_cents > 0)
 */
export function filter<T>(
  predicate: Condition<NoInfer<T>> | ((record: NoInfer<T>) => boolean),
  options: OperatorOptions = {},
): OperatorFunction<T, T> {
  const id = idOf('filter', options)
  const shared = { name: 'filter', id, exchange: undefined, stateful: false }
  if (typeof predicate === 'function') {
    const spec = { ...shared, options: { function: String(predicate) } }
    return (upstream) =>
      upstream.append<T>({
        ...spec,
        bind: (input) => ({ output: input, create: (context) => filterByFunction(context, predicate) }),
      })
  }
  if (!isExpression(predicate)) {
    throw new MillraceError('MR_OPTION_INVALID', 'filter: give it a condition such as field("x").gt(0), or a function')
  }
  const { node } = predicate
  return (upstream) =>
    upstream.append<T>({
      ...shared,
      options: { where: expressionText(node) },
      bind: (input) => bindCondition(node, input),
    })
}

function bindCondition(node: ExpressionNode, input: Schema) {
  if (!isCondition(node)) {
    const why = 'is a value and not a condition; compare it, as in field("x").eq(true)'
    throw new MillraceError('MR_OPTION_INVALID', `filter: ${expressionText(node)} ${why}`)
  }
  expressionType(node, input)
  return { output: input, create: ({ id }: { readonly id: string }) => filterByCondition(id, node, input) }
}

function filterByCondition(id: string, node: ConditionNode, input: Schema): Operator {
  const evaluate = compileCondition(node, input)
  const scratch = scratchMask()
  return stateless(id, (batch, output) => {
    const mask = scratch(batch.rows)
    evaluate(batch, mask)
    emitSelected(batch, mask, output)
  })
}

function filterByFunction<T>(operator: NamedOperator, predicate: (record: T) => boolean): Operator {
  const scratch = scratchMask()
  return stateless(operator.id, (batch, output) => {
    const mask = scratch(batch.rows)
    // The graph was typed from the schema: the records of this stream are T.
    const records = batch as Batch<unknown> as Batch<T>
    let position = 0
    let verdict: unknown = true
    try {
      for (; position < batch.count && typeof verdict === 'boolean'; position++) {
        verdict = predicate(records.at(position))
        mask[batch.rowAt(position)] = verdict === true ? 1 : 0
      }
    } catch (error) {
      throw functionFailure({ operator, batch, row: batch.rowAt(position) }, error)
    }
    if (typeof verdict !== 'boolean') {
      const why = `the function returned ${typeof verdict}, not true or false`
      throw operatorFailure({ operator, batch, row: batch.rowAt(position - 1) }, why)
    }
    emitSelected(batch, mask, output)
  })
}

function emitSelected(batch: Batch, mask: Uint8Array, output: Output): void {
  const selected = selectMasked(batch, mask)
  const filtered = batch.count - (selected?.count ?? 0)
  if (filtered > 0) output.drop('filtered', filtered)
  if (selected !== undefined && selected.count > 0) output.emit(selected)
}
