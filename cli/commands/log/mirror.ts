import { Option } from 'commander'
import type { ResolvedStart } from '../../../core/model/source-start.ts'
import { countText } from '../../../core/observability/progress.ts'
import type { MirrorOutcome, MirrorProgress } from '../../../platform/mirror/mirror-run.ts'
import { type MirrorOptions, mirrorTopic } from '../../../platform/mirror/mirror-topic.ts'
import { tableText } from '../../../platform/status/table-text.ts'
import { systemPorts } from '../../../platform/system/system-ports.ts'
import { parseCount, parseStart } from '../../arguments.ts'
import { addKafkaFlags, type KafkaFlags, kafkaConnection } from '../../kafka-flags.ts'
import type { Session } from '../../session.ts'
import { untilSignal } from '../../until-signal.ts'
import type { AddLogCommand, LogFlags } from './log-flags.ts'

interface MirrorFlags extends LogFlags, KafkaFlags {
  readonly as?: string
  readonly from?: ResolvedStart
  readonly last?: number
  readonly maxRecords?: number
  readonly follow?: boolean
}

/** Shown to the brokers. */
const CLIENT_ID = 'millrace-log-mirror'

export function addMirror(add: AddLogCommand, session: Session): void {
  addKafkaFlags(add('mirror <topic>', 'copy a topic of Kafka into the log; run again, it goes on where it stopped'))
    .option('--as <name>', 'name of the copy (default: the same)')
    .addOption(
      new Option('--from <start>', 'where a new copy begins: earliest, latest, an offset or a time (default: earliest)')
        .argParser(parseStart)
        .conflicts('last'),
    )
    .option('--last <count>', 'a new copy begins so many offsets before the end of each partition', parseCount)
    .option('--max-records <count>', 'stop after so many records', parseCount)
    .option('-f, --follow', 'go on with what comes until SIGINT or SIGTERM (default: stop at the present ends)')
    .action((topic: string, flags: MirrorFlags) => mirror(session, topic, flags))
}

async function mirror(session: Session, topic: string, flags: MirrorFlags): Promise<void> {
  const { output, env } = session
  const { as = topic } = flags
  const options: MirrorOptions = {
    source: { topic, ...(await kafkaConnection(flags, env)) },
    directory: flags.directory,
    as,
    from: flags.last === undefined ? (flags.from ?? 'earliest') : { last: flags.last },
    onBegin: ({ isNew, partitions }) =>
      output.note(
        `${topic} is copied to ${as}, ${isNew ? 'a new topic' : 'from where the last run stopped'}: ${partitions} partitions`,
      ),
    onProgress: (progress) =>
      output.progress({ ...progress, lag: progress.lag ?? null }, () => progressText(as, progress)),
    ...(flags.maxRecords === undefined ? {} : { maxRecords: flags.maxRecords }),
  }
  const ports = systemPorts({ pipeline: CLIENT_ID, logger: output.logger })
  const outcome =
    flags.follow === true
      ? await untilSignal((follow) => mirrorTopic(ports, { ...options, follow }))
      : await mirrorTopic(ports, options)
  output.result('log mirror', { topic, as, ...outcome }, () => outcomeText(topic, as, outcome))
}

function progressText(as: string, { records, recordsPerSecond, lag }: MirrorProgress): string {
  const parts = [`${as}: ${countText(records)} records`, `${countText(recordsPerSecond)} records/s`]
  if (lag !== undefined) parts.push(`${countText(lag)} behind`)
  return parts.join(', ')
}

function outcomeText(topic: string, as: string, { records, sizeBytes, partitions }: MirrorOutcome): string {
  return [
    `${countText(records)} records, ${countText(sizeBytes)} bytes copied from ${topic} to ${as}`,
    '',
    tableText(
      ['partition', 'from', 'to', 'records'],
      partitions.map(({ partition, from, to, records: count }) => [partition, ...[from, to, count].map(countText)]),
    ),
  ].join('\n')
}
