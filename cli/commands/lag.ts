import type { Command } from 'commander'
import { countText } from '../../core/observability/progress.ts'
import { jobPlace } from '../../platform/job-place.ts'
import { loadPipeline } from '../../platform/load-pipeline.ts'
import { planPipeline } from '../../platform/plan-pipeline.ts'
import { SplitEnds } from '../../platform/status/split-ends.ts'
import { readStatus } from '../../platform/status/status-file.ts'
import { tableText } from '../../platform/status/table-text.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import type { Session } from '../session.ts'

/** How far one split is behind. */
interface SplitLag {
  readonly split: string
  /** Next offset to read as of the last committed epoch, or where the job would begin. */
  readonly committed: number
  readonly end: number
  readonly lag: number
}

export function addLag(program: Command, session: Session): void {
  program
    .command('lag')
    .description('ask the sources where they end, and show how far the last committed epoch is behind')
    .argument('<file>', 'module with a default export made by pipeline()')
    .option('--state <directory>', 'where state is kept (default: .millrace/<pipeline>)')
    .option('--json', 'print one JSON object')
    .action((file: string, flags: { readonly state?: string }) => showLag(session, file, flags.state))
}

async function showLag({ output }: Session, file: string, state: string | undefined): Promise<void> {
  const pipeline = await loadPipeline(file)
  const ports = systemPorts({ pipeline: pipeline.name, logger: output.logger })
  const status = await readStatus(ports.files, jobPlace(pipeline, state).status)
  const ends = await SplitEnds.open(planPipeline(pipeline).logical, ports)
  try {
    const begins = await ends.starts()
    const splits = [...(await ends.read())].map(([split, end]): SplitLag => {
      const committed = status?.splits[split]?.offset ?? begins[split]?.offset ?? 0
      return { split, committed, end, lag: Math.max(0, end - committed) }
    })
    const lag = splits.reduce((sum, split) => sum + split.lag, 0)
    output.result('lag', { pipeline: pipeline.name, lag, splits }, () => lagText(pipeline.name, splits, lag))
  } finally {
    await ends.close()
  }
}

function lagText(pipeline: string, splits: readonly SplitLag[], lag: number): string {
  const lines = splits.map(({ split, committed, end, lag: behind }) => [
    split,
    countText(committed),
    countText(end),
    countText(behind),
  ])
  return [
    `${pipeline}  ${countText(lag)} records behind`,
    '',
    tableText(['split', 'committed', 'end', 'lag'], lines),
  ].join('\n')
}
