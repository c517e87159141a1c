import type { LedgerEnd, LedgerWiring } from '../checkpoint/ledger.ts'
import { downstreamOf, type LogicalPlan } from '../dataflow/logical-plan.ts'
import { type PhysicalPlan, physicalPlan, type Stage, type StageStep } from '../dataflow/physical-plan.ts'
import { MillraceError } from '../model/errors.ts'

/** A plan with everything that follows from it for those who run it. Built anew on every thread. */
export interface ExecutionPlan {
  readonly logical: LogicalPlan
  readonly physical: PhysicalPlan
  readonly wiring: LedgerWiring
}

export function executionPlan(logical: LogicalPlan): ExecutionPlan {
  const physical = physicalPlan(logical)
  return { logical, physical, wiring: ledgerWiring(logical, physical) }
}

/** The source whose records reach `stage`. */
function sourceOfStage(physical: PhysicalPlan, stage: Stage): string {
  let current = stage
  while (current.input.kind === 'exchange') current = stageAt(physical, current.input.fromStage)
  return current.input.source
}

/** The dead-letter sink for what is refused in `stage`. */
export function deadLettersOfStage(plan: ExecutionPlan, stage: Stage): string {
  const source = sourceOfStage(plan.physical, stage)
  const node = plan.logical.nodes.find((candidate) => candidate.id === source)
  if (node?.kind !== 'source') throw new MillraceError('MR_INTERNAL', `stage ${stage.index} has no source "${source}"`)
  return node.deadLetters
}

function stageAt(physical: PhysicalPlan, index: number): Stage {
  const stage = physical.stages[index]
  if (stage === undefined) throw new MillraceError('MR_INTERNAL', `there is no stage ${index}`)
  return stage
}

function ledgerWiring(logical: LogicalPlan, physical: PhysicalPlan): LedgerWiring {
  const flows = physical.stages.flatMap((stage) => {
    const input = stage.input
    const from: LedgerEnd =
      input.kind === 'source' ? { kind: 'source', id: input.source } : { kind: 'exchange', id: input.exchange }
    return flowsOf(from, stage.steps)
  })
  const deadLetters = logical.nodes.flatMap((node) => {
    if (node.kind !== 'source') return []
    const below = descendants(logical, node.id)
    const operators = below.filter((other) => other.kind === 'operator').map((other) => other.id)
    const sinks = below.filter((other) => other.kind === 'sink' && other.takes === 'records').map((other) => other.id)
    return [{ sink: node.deadLetters, source: node.id, operators, sinks }]
  })
  return { flows, deadLetters }
}

function flowsOf(from: LedgerEnd, steps: readonly StageStep[]): { from: LedgerEnd; to: LedgerEnd }[] {
  return steps.flatMap((step) => {
    const to: LedgerEnd = { kind: step.kind, id: step.kind === 'exchange' ? step.exchange : step.id }
    const below = step.kind === 'operator' ? flowsOf(to, step.next) : []
    return [{ from, to }, ...below]
  })
}

function descendants(logical: LogicalPlan, id: string): LogicalPlan['nodes'] {
  return downstreamOf(logical, id).flatMap((node) => [node, ...descendants(logical, node.id)])
}
