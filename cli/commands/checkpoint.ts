import type { Command } from 'commander'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { countText } from '../../core/observability/progress.ts'
import { abandonCheckpoint, readCheckpoint, verifyCheckpoint } from '../../platform/checkpoint-tools.ts'
import { planPipeline } from '../../platform/plan-pipeline.ts'
import { readStatus } from '../../platform/status/status-file.ts'
import { tableText } from '../../platform/status/table-text.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import type { Session } from '../session.ts'
import { findTarget, neverRan } from '../target.ts'

interface CheckpointFlags {
  readonly state?: string
  readonly checkpoints?: string
}

type Action = (session: Session, fileOrName: string, flags: CheckpointFlags) => Promise<void>

export function addCheckpoint(program: Command, session: Session): void {
  const group = program.command('checkpoint').description('look at checkpoints, check them, abandon an open one')
  const add = (name: string, description: string, action: Action): Command =>
    group
      .command(name)
      .description(description)
      .argument('<file-or-name>', 'module or name of the pipeline')
      .option('--state <directory>', 'where state is kept (default: .millrace/<pipeline>)')
      .option('--json', 'print one JSON object')
      .action((fileOrName: string, flags: CheckpointFlags) => action(session, fileOrName, flags))
  add('ls', 'list the newest committed epochs; also while the job runs', list)
  add('show', 'show the last checkpoint of a stopped job', show)
  add('verify', 'read all of the stored state and check it', verify)
  add('abandon', 'forget the open epoch, if no sink has it, so that it is replayed', abandon).option(
    '--checkpoints <directory>',
    'shared checkpoints that the job uses',
  )
}

async function list({ output }: Session, fileOrName: string, flags: CheckpointFlags): Promise<void> {
  const target = await findTarget(fileOrName, flags.state)
  const status = await readStatus(systemPorts().files, target.place.status)
  if (status === undefined) throw neverRan(target)
  const { pipeline, checkpoints } = status
  output.result('checkpoint ls', { pipeline, checkpoints }, () =>
    tableText(
      ['epoch', 'generation', 'committed', 'records', 'blocks', 'state bytes'],
      checkpoints.map(({ epoch, generation, committedAt, records, blocks, sizeBytes }) => [
        epoch,
        generation,
        committedAt,
        ...[records, blocks, sizeBytes].map(countText),
      ]),
    ),
  )
}

async function show({ output }: Session, fileOrName: string, flags: CheckpointFlags): Promise<void> {
  const target = await findTarget(fileOrName, flags.state)
  const stored = await readCheckpoint(systemPorts(), target.place)
  if (stored === undefined) throw neverRan(target)
  const { marker, isFinalized } = stored
  const { blocks, plan: _, ...shown } = marker
  output.result('checkpoint show', { ...shown, isFinalized, blocks: blocks.length }, () =>
    markerText(marker, isFinalized),
  )
}

function markerText(marker: EpochMarker, isFinalized: boolean): string {
  const { pipeline, epoch, generation, positions, watermarks, committed, blocks } = marker
  const splits = Object.entries(positions).map(([id, { offset, incarnation }]) => {
    const watermark = watermarks[id]
    return [
      id,
      countText(offset),
      Number.isFinite(watermark) ? new Date(watermark!).toISOString() : 'none',
      incarnation,
    ]
  })
  const sizeBytes = blocks.reduce((sum, block) => sum + block.sizeBytes, 0)
  return [
    `${pipeline}  epoch ${epoch}, generation ${generation}, ${isFinalized ? 'every sink has it' : 'open'}`,
    `${countText(blocks.length)} state blocks, ${countText(sizeBytes)} bytes`,
    '',
    tableText(['split', 'offset', 'watermark', 'topic id'], splits),
    '',
    tableText(['sink', 'last epoch'], Object.entries(committed)),
  ].join('\n')
}

async function verify({ output }: Session, fileOrName: string, flags: CheckpointFlags): Promise<void> {
  const target = await findTarget(fileOrName, flags.state)
  const verified = await verifyCheckpoint(systemPorts(), target.place)
  if (verified === undefined) throw neverRan(target)
  const { marker, isFinalized, blocks, entries, sizeBytes } = verified
  const { pipeline, epoch, generation } = marker
  output.result(
    'checkpoint verify',
    { pipeline, epoch, generation, isFinalized, blocks, entries, sizeBytes },
    () =>
      `${pipeline}  epoch ${epoch} is whole: ${countText(blocks)} blocks, ${countText(entries)} entries, ${countText(sizeBytes)} bytes`,
  )
}

async function abandon({ output }: Session, fileOrName: string, flags: CheckpointFlags): Promise<void> {
  const { pipeline, place } = await findTarget(fileOrName, flags.state)
  if (pipeline === undefined) {
    throw new MillraceError('MR_USAGE', 'checkpoint abandon needs the module of the pipeline, to ask its sinks')
  }
  const ports = systemPorts({ pipeline: pipeline.name, logger: output.logger })
  const { logical: plan } = planPipeline(pipeline)
  const epoch = await abandonCheckpoint(ports, { plan, place, checkpointDirectory: flags.checkpoints })
  output.result(
    'checkpoint abandon',
    { pipeline: pipeline.name, epoch },
    () => `epoch ${epoch} is abandoned; a run replays it`,
  )
}
