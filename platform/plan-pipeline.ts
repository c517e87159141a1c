import type { LogicalPlan } from '../core/dataflow/logical-plan.ts'
import type { Pipeline } from '../core/dataflow/pipeline.ts'
import { planOf } from '../core/dataflow/plan-of.ts'
import { toMillraceError } from '../core/model/errors.ts'
import { type ExecutionPlan, executionPlan } from '../core/runtime/execution-plan.ts'

const DEFAULT_EPOCH_MS = 1_000

/** Plans a pipeline. Throws what `planOf` throws; anything else that its function throws is `MR_PIPELINE_INVALID`. */
export function planPipeline(pipeline: Pipeline): ExecutionPlan {
  try {
    return executionPlan(planOf(pipeline))
  } catch (error) {
    throw toMillraceError(error, 'MR_PIPELINE_INVALID', `the function of pipeline "${pipeline.name}" threw`)
  }
}

/** What the pipeline asks for, else the shortest that its record sinks want: tables like long epochs, logs short ones. */
export function epochLengthOf(plan: LogicalPlan): number {
  if (plan.epochMs !== null) return plan.epochMs
  const wanted = plan.nodes.flatMap((node) => (node.kind === 'sink' && node.takes === 'records' ? [node.epochMs] : []))
  return wanted.length === 0 ? DEFAULT_EPOCH_MS : Math.min(...wanted)
}
