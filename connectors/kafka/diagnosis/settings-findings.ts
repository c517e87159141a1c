import { checked, type Finding, failure } from '../../../core/ports/diagnosis.ts'
import { type TopicPicture, type TopicSettings, topicSettings } from './cluster-questions.ts'
import { ask } from './question.ts'
import type { Cluster } from './reach-cluster.ts'
import { topicSubject } from './topic-findings.ts'

const DAY_MS = 86_400_000
/** What brokers allow unless they are told otherwise: values of 1 MiB and a little more. */
const USUAL_BATCH_BYTES = 1_048_588

const KEYS = ['retention.ms', 'cleanup.policy', 'min.insync.replicas', 'max.message.bytes', 'message.timestamp.type']

/** Settings of a topic that are worth a word, and the settings, where the user may see them. */
export async function lookAtSettings(
  cluster: Cluster,
  topic: TopicPicture,
  judge: (topic: TopicPicture, values: ReadonlyMap<string, string>) => readonly Finding[],
): Promise<{ readonly findings: readonly Finding[]; readonly values: ReadonlyMap<string, string> }> {
  const subject = topicSubject(topic.name)
  let settings: TopicSettings | undefined
  const check = { clock: cluster.ports.clock, subject, late: 'MR_KAFKA_UNREACHABLE' } as const
  const findings = await checked(check, async () => {
    settings = await ask(cluster.first.line, topicSettings(topic.name, KEYS))
    if (settings.errorCode === 0) return judge(topic, settings.values)
    const found = 'its settings could not be checked: the user may not see them'
    return [{ kind: 'warning', subject, found, advice: 'grant DESCRIBE_CONFIGS on the topic, or let its owner check' }]
  })
  return { findings, values: settings?.values ?? new Map() }
}

/** Whether records stay long enough to be read. */
export function judgeSource({ name }: TopicPicture, values: ReadonlyMap<string, string>): readonly Finding[] {
  const subject = topicSubject(name)
  const retentionMs = Number(values.get('retention.ms') ?? -1)
  const isDeleted = (values.get('cleanup.policy') ?? 'delete').includes('delete')
  if (!isDeleted || retentionMs < 0 || retentionMs >= DAY_MS) return []
  const found = `records stay for ${(retentionMs / 3_600_000).toFixed(1)} h only (retention.ms)`
  const advice = 'a job that stands still for longer ends with MR_POSITION_LOST; raise retention.ms'
  return [{ kind: 'warning', subject, found, advice }]
}

/** Whether what the sink writes is taken. */
export function judgeTarget(topic: TopicPicture, values: ReadonlyMap<string, string>): readonly Finding[] {
  return [...replicaFindings(topic, values), ...sizeFindings(topic, values)]
}

function replicaFindings({ name, partitions }: TopicPicture, values: ReadonlyMap<string, string>): readonly Finding[] {
  const subject = topicSubject(name)
  const needed = Number(values.get('min.insync.replicas') ?? 1)
  const few = partitions.filter(({ replicas }) => replicas < needed)
  if (few.length > 0) {
    const found = `min.insync.replicas is ${needed}, but partitions have fewer replicas: no write is ever taken`
    const advice = 'lower min.insync.replicas, or give the topic more replicas'
    return [{ ...failure(subject, 'MR_KAFKA_UNREACHABLE', found), advice }]
  }
  const waiting = partitions.filter(({ inSync }) => inSync < needed).map(({ partition }) => partition)
  if (waiting.length === 0) return []
  const found = `partitions with fewer than min.insync.replicas (${needed}) in sync: ${waiting.join(', ')}; writes wait`
  return [{ ...failure(subject, 'MR_KAFKA_UNREACHABLE', found), advice: 'start the brokers that are away' }]
}

function sizeFindings({ name }: TopicPicture, values: ReadonlyMap<string, string>): readonly Finding[] {
  const most = Number(values.get('max.message.bytes') ?? USUAL_BATCH_BYTES)
  if (most >= USUAL_BATCH_BYTES) return []
  const found = `max.message.bytes is ${most}; a batch of this sink holds up to 0.5 MiB, and a single record may be larger`
  const advice = `raise max.message.bytes to ${USUAL_BATCH_BYTES} or more: a batch that is refused ends the job with MR_KAFKA_RECORD_TOO_LARGE`
  return [{ kind: 'warning', subject: topicSubject(name), found, advice }]
}
