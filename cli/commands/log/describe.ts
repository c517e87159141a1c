import { describeTopic, type TopicDescription } from '../../../connectors/log/partitioned-log/describe-topic.ts'
import { countText } from '../../../core/observability/progress.ts'
import { tableText } from '../../../platform/status/table-text.ts'
import type { Session } from '../../session.ts'
import { type AddLogCommand, type LogFlags, openLog } from './log-flags.ts'

export function addDescribe(add: AddLogCommand, session: Session): void {
  add('describe <topic>', 'show the partitions of a topic, and who reads it how far').action(
    (topic: string, flags: LogFlags) => describe(session, topic, flags),
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
    `topic ${topic.name}, id ${topic.id}${topic.mirrorOf === undefined ? '' : `, copy of ${topic.mirrorOf.topic}`}`,
    '',
    tableText(['partition', 'start', 'end', 'bytes', 'segments', 'last time'], lines),
    ...(readers.length === 0 ? [] : ['', tableText(['read by', 'behind', 'as of'], readers)]),
  ].join('\n')
}
