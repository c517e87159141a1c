import { type Command, Option } from 'commander'
import { appendLines } from '../../connectors/log/append-lines.ts'
import { describeTopic, type TopicDescription } from '../../connectors/log/partitioned-log/describe-topic.ts'
import { PartitionedLog } from '../../connectors/log/partitioned-log/partitioned-log.ts'
import { type TailOptions, tailTopic } from '../../connectors/log/tail.ts'
import { countText } from '../../core/observability/progress.ts'
import { tableText } from '../../platform/status/table-text.ts'
import { stdinLines } from '../../platform/system/stdin-lines.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import { parseCount, parseIndex } from '../arguments.ts'
import { recordFields, recordText } from '../record-text.ts'
import type { Session } from '../session.ts'

interface LogFlags {
  readonly directory: string
}

interface AppendFlags extends LogFlags {
  readonly partition?: number
  readonly keySeparator?: string
  readonly codec: (typeof CODECS)[number]
}

interface TailFlags extends LogFlags {
  readonly partition?: number
  readonly last?: number
  readonly offset?: number
  readonly latest?: boolean
  readonly follow?: boolean
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export function addLog(program: Command, session: Session): void {
  const group = program.command('log').description('create, fill and look at topics of the embedded log')
  const add = (usage: string, description: string): Command =>
    group
      .command(usage)
      .description(description)
      .option('--directory <directory>', 'directory of the log', '.millrace/log')
      .option('--json', 'print JSON')
  add('create <topic>', 'create a topic')
    .option('--partitions <count>', 'partitions', parseCount, 1)
    .action((topic: string, flags: LogFlags & { readonly partitions: number }) => create(session, topic, flags))
  add('append <topic>', 'append each line of standard input as the value of a record')
    .option('--partition <number>', 'all into this partition (default: by key, or in turn)', parseIndex)
    .option('--key-separator <text>', 'text between key and value of a line')
    .addOption(new Option('--codec <codec>', 'compression').choices(CODECS).default('none'))
    .action((topic: string, flags: AppendFlags) => append(session, topic, flags))
  add('tail <topic>', 'print records')
    .option('--partition <number>', 'one partition only', parseIndex)
    .option('--last <count>', 'only so many at the end of each partition', parseCount)
    .option('--offset <offset>', 'begin at this offset', parseIndex)
    .option('--latest', 'begin at the end')
    .option('-f, --follow', 'wait for more')
    .action((topic: string, flags: TailFlags) => tail(session, topic, flags))
  add('ls', 'list the topics').action((flags: LogFlags) => list(session, flags))
  add('describe <topic>', 'show the partitions of a topic, and who reads it how far').action(
    (topic: string, flags: LogFlags) => describe(session, topic, flags),
  )
}

function openLog({ directory }: LogFlags): PartitionedLog {
  return new PartitionedLog(systemPorts(), directory)
}

async function create(
  { output }: Session,
  name: string,
  flags: LogFlags & { readonly partitions: number },
): Promise<void> {
  const topic = await openLog(flags).createTopic(name, flags.partitions)
  output.result(
    'log create',
    { topic },
    () => `topic ${topic.name} with ${topic.partitions} partitions, id ${topic.id}`,
  )
}

async function append({ output }: Session, topic: string, flags: AppendFlags): Promise<void> {
  const { partition, keySeparator, codec } = flags
  const records = await appendLines(openLog(flags), topic, {
    lines: stdinLines(),
    codec,
    ...(partition === undefined ? {} : { partition }),
    ...(keySeparator === undefined ? {} : { keySeparator }),
  })
  output.result('log append', { topic, records }, () => `${countText(records)} records appended to ${topic}`)
}

async function tail({ output }: Session, topic: string, flags: TailFlags): Promise<void> {
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  if (flags.follow === true) {
    process.once('SIGINT', abort)
    process.once('SIGTERM', abort)
  }
  const options: TailOptions = {
    start: startOf(flags),
    ...(flags.partition === undefined ? {} : { partition: flags.partition }),
    ...(flags.follow === true ? { follow: stop.signal } : {}),
  }
  try {
    for await (const record of tailTopic(openLog(flags), topic, options)) {
      await output.item(recordFields(record), () => recordText(record))
    }
  } finally {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
}

function startOf({ last, offset, latest }: TailFlags): NonNullable<TailOptions['start']> {
  if (last !== undefined) return { last }
  if (offset !== undefined) return { offset }
  return latest === true ? 'latest' : 'earliest'
}

async function list({ output }: Session, flags: LogFlags): Promise<void> {
  const topics = await openLog(flags).listTopics()
  output.result('log ls', { topics }, () =>
    tableText(
      ['topic', 'partitions', 'id'],
      topics.map(({ name, partitions, id }) => [name, partitions, id]),
    ),
  )
}

async function describe({ output }: Session, name: string, flags: LogFlags): Promise<void> {
  const description = await describeTopic(openLog(flags), name)
  output.result('log describe', description, () => descriptionText(description))
}

function descriptionText({ topic, partitions, consumers }: TopicDescription): string {
  const lines = partitions.map(({ partition, startOffset, endOffset, sizeBytes, segments, lastTimestamp }) => [
    partition,
    ...[startOffset, endOffset, sizeBytes, segments].map(countText),
    lastTimestamp === undefined ? 'none' : new Date(lastTimestamp).toISOString(),
  ])
  const readers = consumers.map(({ pipeline, lag, at }) => [pipeline, countText(lag), new Date(at).toISOString()])
  return [
    `topic ${topic.name}, id ${topic.id}`,
    '',
    tableText(['partition', 'start', 'end', 'bytes', 'segments', 'last time'], lines),
    ...(readers.length === 0 ? [] : ['', tableText(['read by', 'behind', 'as of'], readers)]),
  ].join('\n')
}
