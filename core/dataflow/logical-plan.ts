import type { Schema } from '../model/field-type.ts'
import type { KeySelector } from '../model/key.ts'
import type { BoundOperator, OperatorSpec, PlanValue } from '../ports/operator.ts'
import type { DeadLetterSinkSpec, RecordSinkSpec } from '../ports/sink.ts'
import type { SourceSpec } from '../ports/source.ts'

/** What a stream is keyed by, as plain data: names and types of the fields, or the source text of the function. */
export type KeyDescription =
  | { readonly kind: 'fields'; readonly fields: readonly { readonly name: string; readonly type: string }[] }
  | { readonly kind: 'function'; readonly source: string }

/** A source of the plan. Its refused records go to the sink `deadLetters`. */
export interface SourceNode {
  readonly kind: 'source'
  readonly id: string
  readonly connector: string
  readonly contract: string
  readonly eventTime: string | null
  readonly unknownFields: 'drop' | 'refuse'
  readonly outOfOrdernessMs: number
  readonly schema: Schema
  readonly options: PlanValue
  readonly deadLetters: string
}

/**
 * An operator of the plan. `exchange`: equal keys must meet in one task, so it begins a new stage. `keyedBy`: the key
 * of the stream that it works on, its own or that of the exchange before it.
 */
export interface OperatorNode {
  readonly kind: 'operator'
  readonly id: string
  readonly name: string
  readonly upstream: string
  readonly schema: Schema
  readonly options: PlanValue
  readonly stateful: boolean
  /** Names of the options that stored state depends on. */
  readonly stateOptions: readonly string[]
  readonly exchange: boolean
  readonly keyedBy: KeyDescription | null
}

/** A sink for the records of a stream. */
export interface RecordSinkNode {
  readonly kind: 'sink'
  readonly takes: 'records'
  readonly id: string
  readonly connector: string
  readonly upstream: string
  readonly schema: Schema
  readonly options: PlanValue
  readonly epochMs: number
}

/** The sink for what a source refused; `upstream` is that source. */
export interface DeadLetterSinkNode {
  readonly kind: 'sink'
  readonly takes: 'dead-letters'
  readonly id: string
  readonly connector: string
  readonly upstream: string
  readonly options: PlanValue
  readonly epochMs: number
}

export type PlanNode = SourceNode | OperatorNode | RecordSinkNode | DeadLetterSinkNode

/** An operator with what it was bound to: functions, so it stays on its thread. */
export interface PlannedOperator {
  readonly spec: OperatorSpec
  readonly bound: BoundOperator
  readonly input: Schema
  /** What the exchange in front of it hashes, if it has one. */
  readonly keys: KeySelector | undefined
}

/** The live counterpart of the nodes by id: functions cannot be data, so every thread builds its own. */
export interface PlanSpecs {
  readonly sources: ReadonlyMap<string, SourceSpec<unknown>>
  readonly operators: ReadonlyMap<string, PlannedOperator>
  readonly sinks: ReadonlyMap<string, RecordSinkSpec<unknown>>
  readonly deadLetters: ReadonlyMap<string, DeadLetterSinkSpec>
}

/** A pipeline as plain data: crosses threads, is stored, printed and compared. */
export interface PlanDescription {
  readonly pipeline: string
  /** The user's own word for this version of the pipeline. */
  readonly version: string | null
  /** Epoch length asked for; `null`: the longest that suits all sinks. */
  readonly epochMs: number | null
  readonly keyGroups: number
  readonly stateDirectory: string | null
  /** Upstream before downstream, in the order in which the pipeline declares them. */
  readonly nodes: readonly PlanNode[]
}

/** A planned pipeline: its description and the live specs that belong to it. */
export interface LogicalPlan extends PlanDescription {
  readonly specs: PlanSpecs
}

/** The plain-data part of a plan. */
export function describePlan(plan: LogicalPlan): PlanDescription {
  const { pipeline, version, epochMs, keyGroups, stateDirectory, nodes } = plan
  return { pipeline, version, epochMs, keyGroups, stateDirectory, nodes }
}

/** Nodes fed by node `id`, in plan order. */
export function downstreamOf(plan: PlanDescription, id: string): readonly PlanNode[] {
  return plan.nodes.filter((node) => node.kind !== 'source' && node.upstream === id)
}
