import type { Command } from 'commander'
import { MillraceError } from '../../core/model/errors.ts'
import { diagnosePipeline, type PartFinding } from '../../platform/doctor/diagnose-pipeline.ts'
import { findingsText } from '../../platform/doctor/findings-text.ts'
import { loadPipeline } from '../../platform/load-pipeline.ts'
import type { Session } from '../session.ts'

interface DoctorFlags {
  readonly state?: string
  readonly checkpoints?: string
}

export function addDoctor(program: Command, session: Session): void {
  program
    .command('doctor')
    .description('check what a pipeline needs, without running it or changing anything')
    .argument('<file>', 'module with a default export made by pipeline()')
    .option('--state <directory>', 'where state is kept (default: .millrace/<pipeline>)')
    .option('--checkpoints <directory>', 'shared checkpoints that the job is to use')
    .option('--json', 'print one JSON object')
    .action((file: string, flags: DoctorFlags) => examine(session, file, flags))
}

async function examine({ output }: Session, file: string, { state, checkpoints }: DoctorFlags): Promise<void> {
  const pipeline = await loadPipeline(file)
  const checks = await diagnosePipeline(pipeline, {
    logger: output.logger,
    ...(state === undefined ? {} : { stateDirectory: state }),
    ...(checkpoints === undefined ? {} : { checkpointDirectory: checkpoints }),
  })
  const count = (kind: PartFinding['kind']): number => checks.filter((check) => check.kind === kind).length
  const counts = { ok: count('ok'), warnings: count('warning'), failed: count('failed') }
  output.result('doctor', { pipeline: pipeline.name, ...counts, checks }, () =>
    [`${pipeline.name}  ${countsText(counts)}`, '', findingsText(checks)].join('\n'),
  )
  refuseFailed(checks)
}

function countsText({
  ok,
  warnings,
  failed,
}: {
  readonly ok: number
  readonly warnings: number
  readonly failed: number
}) {
  return `${ok} ok, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${failed} failed`
}

/** A run would end with the first thing that is wrong, so that gives the exit code. */
function refuseFailed(checks: readonly PartFinding[]): void {
  for (const check of checks) {
    if (check.kind !== 'failed') continue
    const { part, subject, found, code } = check
    throw new MillraceError(code, `${part}, ${subject}: ${found}`, { details: { part, subject } })
  }
}
