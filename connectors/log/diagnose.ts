import { placeOfSplit } from '../../core/model/position.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import {
  checked,
  type Finding,
  failure,
  type SourceDiagnosis,
  type SourceDiagnosisContext,
} from '../../core/ports/diagnosis.ts'
import { PartitionedLog } from './partitioned-log/partitioned-log.ts'
import type { Topic } from './partitioned-log/topic.ts'
import { cursorAt } from './source/cursor-at.ts'

interface TopicPlace {
  readonly directory: string
  readonly topic: string
}

/** Looks whether the topic of a source is there, and still holds what comes after the last committed epoch. */
export async function diagnoseSource(context: SourceDiagnosisContext, place: TopicPlace): Promise<SourceDiagnosis> {
  const { topic: name } = place
  const log = new PartitionedLog(context, place.directory)
  const findings = await checked(checkOf(context, name), async () => {
    const topic = await log.topic(name)
    return [present(topic), ...(await positionFindings(log, topic, context.positions))]
  })
  return { findings, topics: [name] }
}

/** Looks whether the topic of a sink is there, or can be made with so many partitions. */
export function diagnoseTarget(
  context: ConnectorPorts,
  { directory, topic: name, partitions }: TopicPlace & { readonly partitions: number | undefined },
): Promise<readonly Finding[]> {
  return checked(checkOf(context, name), async () => {
    const topic = await new PartitionedLog(context, directory).findTopic(name)
    if (topic === undefined) {
      const found = `not in ${directory} yet; it is made when it is first needed (partitions: ${partitions ?? 1})`
      return [{ kind: 'ok', subject: subjectOf(name), found }]
    }
    if (partitions === undefined || partitions === topic.partitions) return [present(topic)]
    const found = `it has ${topic.partitions} partitions, the option says ${partitions}`
    return [failure(subjectOf(name), 'MR_LOG_TOPIC_EXISTS', found)]
  })
}

async function positionFindings(
  log: PartitionedLog,
  topic: Topic,
  positions: SourceDiagnosisContext['positions'],
): Promise<readonly Finding[]> {
  const own = [...positions].filter(([split]) => placeOfSplit(split).topic === topic.name)
  for (const [split, position] of own)
    await cursorAt(log, { topic, partition: placeOfSplit(split).partition }, position)
  if (own.length === 0) return []
  const found = `what follows the last committed epoch is there (partitions: ${own.length})`
  return [{ kind: 'ok', subject: `positions in ${topic.name}`, found }]
}

function present({ name, partitions, id }: Topic): Finding {
  return { kind: 'ok', subject: subjectOf(name), found: `partitions: ${partitions}, id ${id}` }
}

function checkOf({ clock }: ConnectorPorts, topic: string) {
  return { clock, subject: subjectOf(topic), late: 'MR_FILE_IO' } as const
}

function subjectOf(topic: string): string {
  return `topic ${topic}`
}
