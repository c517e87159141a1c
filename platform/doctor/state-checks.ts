import { describePlan, type LogicalPlan } from '../../core/dataflow/logical-plan.ts'
import { assertCompatible } from '../../core/dataflow/plan-difference.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import { type Finding, failure } from '../../core/ports/diagnosis.ts'
import { directoryCheckpointStore } from '../../state/directory-checkpoint-store.ts'
import { sharedPlace } from '../job-place.ts'
import type { JobStatus } from '../status/status-file.ts'
import { isAlive } from '../system/process-alive.ts'
import { directoryFindings } from './machine-checks.ts'

/** What the last run left. The lock of the state is not touched: the status file tells. */
export function storedFindings(plan: LogicalPlan, status: JobStatus | undefined): readonly Finding[] {
  const subject = 'last run'
  if (status === undefined) return [{ kind: 'ok', subject, found: 'none: the first one begins at the start' }]
  const { pipeline, epoch, updatedAt } = status
  if (pipeline === plan.pipeline) return [{ kind: 'ok', subject, found: `epoch ${epoch}, written ${updatedAt}` }]
  return [failure(subject, 'MR_CHECKPOINT_FOREIGN', `it was one of pipeline "${pipeline}"`)]
}

/** Whether a process has the state now. */
export function ownerFindings(status: JobStatus | undefined): readonly Finding[] {
  const subject = 'owner'
  if (status === undefined) return []
  const { state, pid } = status
  if (state !== 'running') return [{ kind: 'ok', subject, found: `no process: the last run ${state}` }]
  if (!isAlive(pid)) return [{ kind: 'ok', subject, found: `no process: ${pid} died` }]
  const advice = 'stop it before another run, which would end with MR_STATE_LOCKED'
  return [{ kind: 'warning', subject, found: `process ${pid} runs the pipeline now`, advice }]
}

/** Whether the stored plan allows the pipeline as it is now. Throws `MR_PLAN_INCOMPATIBLE`, `MR_CONTRACT_CHANGED`. */
export function planFindings(plan: LogicalPlan, status: JobStatus | undefined): readonly Finding[] {
  if (status === undefined || status.plan === null || status.pipeline !== plan.pipeline) return []
  assertCompatible(status.plan, describePlan(plan))
  return [{ kind: 'ok', subject: 'plan', found: 'the stored state fits the pipeline' }]
}

/** Whether the directory for shared checkpoints can be used, and how far it is. */
export async function sharedFindings(
  { files, random, pipeline }: ConnectorPorts,
  checkpoints: string,
): Promise<readonly Finding[]> {
  const subject = 'shared checkpoints'
  const directory = sharedPlace(checkpoints, pipeline)
  const newest = (await directoryCheckpointStore({ files, random, directory }).epochs()).at(-1)
  const found = newest === undefined ? 'none yet' : `newest epoch ${newest}`
  return [...directoryFindings(subject, directory), { kind: 'ok', subject, found }]
}
