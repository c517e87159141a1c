import { MillraceError } from '../model/errors.ts'
import type { LogicalPlan } from './logical-plan.ts'
import type { Pipeline } from './pipeline.ts'
import { PlanBuilder } from './plan-builder.ts'

/**
 * Runs the pipeline's function and checks the graph that it declares. Equal on every thread; may be called again.
 * Throws `MR_PIPELINE_INVALID`, `MR_PLAN_DUPLICATE_ID`, `MR_FIELD_UNKNOWN`, `MR_OPTION_INVALID`.
 */
export function planOf(pipeline: Pipeline): LogicalPlan {
  const builder = new PlanBuilder(pipeline.name)
  const result: unknown = pipeline.build({ from: (id, source, options) => builder.source(id, source, options ?? {}) })
  if (result instanceof Promise) {
    throw new MillraceError('MR_PIPELINE_INVALID', `pipeline "${pipeline.name}": its function must not be async`)
  }
  const { nodes, specs } = builder.finish()
  return { pipeline: pipeline.name, ...pipeline.settings, nodes, specs }
}
