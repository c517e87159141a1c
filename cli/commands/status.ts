import type { Command } from 'commander'
import { imbalances, type LedgerWiring } from '../../core/checkpoint/ledger.ts'
import { countText } from '../../core/observability/progress.ts'
import { ledgerText } from '../../platform/status/ledger-text.ts'
import { type JobStatus, readStatus } from '../../platform/status/status-file.ts'
import { tableText } from '../../platform/status/table-text.ts'
import { isAlive } from '../../platform/system/process-alive.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import type { Session } from '../session.ts'
import { findTarget, neverRan } from '../target.ts'

/** The file does not say how the nodes hang together; each of them must still balance by itself. */
const NO_WIRING: LedgerWiring = { flows: [], deadLetters: [] }

export function addStatus(program: Command, session: Session): void {
  program
    .command('status')
    .description('show how a job is doing, without disturbing it')
    .argument('<file-or-name>', 'module or name of the pipeline')
    .option('--state <directory>', 'where state is kept (default: .millrace/<pipeline>)')
    .option('--json', 'print one JSON object')
    .action((fileOrName: string, flags: { readonly state?: string }) => showStatus(session, fileOrName, flags.state))
}

async function showStatus({ output }: Session, fileOrName: string, state: string | undefined): Promise<void> {
  const target = await findTarget(fileOrName, state)
  const status = await readStatus(systemPorts().files, target.place.status)
  if (status === undefined) throw neverRan(target)
  const died = status.state === 'running' && !isAlive(status.pid)
  const shown = { ...status, state: died ? 'died' : status.state }
  output.result('status', shown, () => statusText(status, shown.state))
}

function statusText(status: JobStatus, state: string): string {
  const { pipeline, pid, epoch, generation, updatedAt, workers, epochMs, attempts, lag, watermark, error } = status
  const lines = Object.entries(status.splits).map(([id, split]) => [
    id,
    countText(split.offset),
    split.end === null ? 'unknown' : countText(split.end),
    split.watermark ?? 'none',
  ])
  return [
    `${pipeline}  ${state}${state === 'running' ? `, process ${pid}` : ''}`,
    `epoch ${epoch}, generation ${generation}, written ${updatedAt}`,
    `${lag === null ? 'lag unknown' : `${countText(lag)} records behind`}, watermark ${watermark ?? 'none'}`,
    `${workers} workers, epochs of ${epochMs / 1000} s, ${attempts} ${attempts === 1 ? 'start' : 'starts'} of the tasks`,
    ...(error === null ? [] : [`ended by ${error.code}: ${error.message}`]),
    '',
    tableText(['split', 'offset', 'end', 'watermark'], lines),
    '',
    ...(epoch === 0 ? [] : [ledgerText(status.ledger, imbalances(status.ledger, NO_WIRING))]),
  ].join('\n')
}
