import type { Command } from 'commander'
import { describePlan } from '../../core/dataflow/logical-plan.ts'
import { mermaid } from '../../core/dataflow/mermaid.ts'
import { assertCompatible, type NodeChange, planDifference } from '../../core/dataflow/plan-difference.ts'
import { planDigest } from '../../core/dataflow/plan-digest.ts'
import { planText } from '../../core/dataflow/plan-text.ts'
import { storedPlan } from '../../core/dataflow/stored-plan.ts'
import { jobPlace } from '../../platform/job-place.ts'
import { loadPipeline } from '../../platform/load-pipeline.ts'
import { planPipeline } from '../../platform/plan-pipeline.ts'
import { readStatus } from '../../platform/status/status-file.ts'
import { tableText } from '../../platform/status/table-text.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import type { Session } from '../session.ts'

interface PlanFlags {
  readonly state?: string
  readonly mermaid?: boolean
}

export function addPlan(program: Command, session: Session): void {
  program
    .command('plan')
    .description('show operators, stages and exchanges, and what of the stored state is kept or dropped')
    .argument('<file>', 'module with a default export made by pipeline()')
    .option('--state <directory>', 'where state is kept (default: .millrace/<pipeline>)')
    .option('--mermaid', 'print a Mermaid flowchart')
    .option('--json', 'print one JSON object')
    .action((file: string, flags: PlanFlags) => showPlan(session, file, flags))
}

async function showPlan({ output }: Session, file: string, flags: PlanFlags): Promise<void> {
  const pipeline = await loadPipeline(file)
  const { logical } = planPipeline(pipeline)
  const description = describePlan(logical)
  if (flags.mermaid === true) {
    output.result('plan', { pipeline: pipeline.name, mermaid: mermaid(description) }, () => mermaid(description))
    return
  }
  const status = await readStatus(systemPorts().files, jobPlace(pipeline, flags.state).status)
  const stored = status === undefined || status.plan === null ? undefined : status
  const changes = stored === undefined ? [] : planDifference(storedPlan(stored.plan), description)
  const epoch = stored?.epoch ?? null
  output.result(
    'plan',
    { pipeline: pipeline.name, digest: planDigest(logical), epoch, changes, plan: description },
    () => `${planText(logical)}\n${changesText(epoch, changes)}`,
  )
  if (stored !== undefined) assertCompatible(stored.plan, description)
}

function changesText(epoch: number | null, changes: readonly NodeChange[]): string {
  if (epoch === null) return 'Nothing is stored: a run begins from the start.'
  const lines = changes.map(({ kind, id, change, reason }) => [kind, id, change, reason])
  return `Stored state of epoch ${epoch}:\n${tableText(['', 'id', 'state', 'why'], lines, { maxWidth: 100 })}`
}
