import { MillraceError } from '../model/errors.ts'
import type { Schema } from '../model/field-type.ts'
import type { KeySelector } from '../model/key.ts'
import { downstreamOf, type LogicalPlan } from './logical-plan.ts'

/** What feeds a stage: a source, or the exchange in front of operator `exchange`. */
export type StageInput =
  | { readonly kind: 'source'; readonly source: string; readonly schema: Schema }
  | {
      readonly kind: 'exchange'
      /** Id of the operator that needs the exchange; it is the only first step of the stage. */
      readonly exchange: string
      readonly fromStage: number
      readonly schema: Schema
      readonly keys: KeySelector
    }

/** One step of a stage: an operator with what its output feeds, or a leaf. */
export type StageStep =
  | { readonly kind: 'operator'; readonly id: string; readonly next: readonly StageStep[] }
  | { readonly kind: 'sink'; readonly id: string }
  | { readonly kind: 'exchange'; readonly exchange: string; readonly toStage: number }

/** Operators between two exchanges: a tree of steps; every one of `steps` gets each batch of the input. */
export interface Stage {
  readonly index: number
  readonly input: StageInput
  readonly steps: readonly StageStep[]
}

/**
 * Stages in topological order (`fromStage < index`). The sender of an exchange hashes each record once with `keys`, and
 * the batch carries `system.keys` from there on. Every thread builds its own: a key selector may be a function.
 */
export interface PhysicalPlan {
  readonly stages: readonly Stage[]
  readonly keyGroups: number
}

/** Cuts a logical plan into stages at its exchanges. */
export function physicalPlan(plan: LogicalPlan): PhysicalPlan {
  const inputs: StageInput[] = []
  const stages: Stage[] = []
  for (const node of plan.nodes) {
    if (node.kind === 'source') inputs.push({ kind: 'source', source: node.id, schema: node.schema })
  }
  for (let index = 0; index < inputs.length; index++) {
    const input = inputs[index]!
    const builder: StageBuilder = { plan, inputs, index }
    const steps = input.kind === 'source' ? stepsAfter(builder, input.source) : [operatorStep(builder, input.exchange)]
    stages.push({ index, input, steps })
  }
  return { stages, keyGroups: plan.keyGroups }
}

interface StageBuilder {
  readonly plan: LogicalPlan
  /** Inputs of all stages so far: a new exchange adds the one of its stage. */
  readonly inputs: StageInput[]
  readonly index: number
}

function stepsAfter(builder: StageBuilder, id: string): readonly StageStep[] {
  const steps: StageStep[] = []
  for (const node of downstreamOf(builder.plan, id)) {
    if (node.kind === 'operator')
      steps.push(node.exchange ? exchangeStep(builder, node.id) : operatorStep(builder, node.id))
    else if (node.kind === 'sink' && node.takes === 'records') steps.push({ kind: 'sink', id: node.id })
  }
  return steps
}

function operatorStep(builder: StageBuilder, id: string): StageStep {
  return { kind: 'operator', id, next: stepsAfter(builder, id) }
}

function exchangeStep(builder: StageBuilder, exchange: string): StageStep {
  const operator = builder.plan.specs.operators.get(exchange)
  if (operator?.keys === undefined)
    throw new MillraceError('MR_INTERNAL', `operator "${exchange}" has an exchange but no key`)
  const toStage = builder.inputs.length
  builder.inputs.push({
    kind: 'exchange',
    exchange,
    fromStage: builder.index,
    schema: operator.input,
    keys: operator.keys,
  })
  return { kind: 'exchange', exchange, toStage }
}
