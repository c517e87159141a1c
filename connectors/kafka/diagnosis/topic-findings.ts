import { hint } from '../../../core/model/nearest.ts'
import { checked, type Finding, failure } from '../../../core/ports/diagnosis.ts'
import { PROTOCOL } from '../client/protocol-errors.ts'
import { metadata, type TopicPicture } from './cluster-questions.ts'
import { ask } from './question.ts'
import type { Cluster } from './reach-cluster.ts'

/** Operations of ACLs, by the bit that stands for each. */
const OPERATIONS = { READ: 3, WRITE: 4 } as const

export type Operation = keyof typeof OPERATIONS

/** Whether the user may do it; also where the cluster has no ACLs. */
export function isAllowed(rights: number, operation: Operation): boolean {
  return (rights & (1 << OPERATIONS[operation])) !== 0
}

/** What is said of a topic, and its picture where it is there. */
export interface LookedTopic {
  readonly findings: readonly Finding[]
  readonly picture: TopicPicture | undefined
}

/** Whether a topic is there, has leaders, and may be read or written. `absent`: what to say where it is not there. */
export async function lookAtTopic(
  cluster: Cluster,
  of: { readonly name: string; readonly operations: readonly Operation[]; readonly absent: () => Promise<Finding> },
): Promise<LookedTopic> {
  const { name, operations, absent } = of
  let picture: TopicPicture | undefined
  const check = { clock: cluster.ports.clock, subject: topicSubject(name), late: 'MR_KAFKA_UNREACHABLE' } as const
  const findings = await checked(check, async () => {
    const [found] = (await ask(cluster.first.line, metadata([name]))).topics
    if (found === undefined || found.errorCode === PROTOCOL.unknownTopicOrPartition) return [await absent()]
    if (found.errorCode === PROTOCOL.topicForbidden) return [forbidden(name, operations)]
    picture = found
    return [presence(found, operations), ...leaderFindings(found)]
  })
  return { findings, picture }
}

/** A topic that must be there is not; names one that the word may have been meant for. */
export async function unknownTopic({ first }: Cluster, name: string): Promise<Finding> {
  const { topics } = await ask(first.line, metadata('all'))
  const names = topics.filter(({ isInternal }) => !isInternal).map((topic) => topic.name)
  return failure(topicSubject(name), 'MR_KAFKA_TOPIC_UNKNOWN', `it does not exist${hint(name, names)}`)
}

export function topicSubject(name: string): string {
  return `topic ${name}`
}

function presence({ name, partitions, id, rights }: TopicPicture, operations: readonly Operation[]): Finding {
  const lacking = operations.filter((operation) => !isAllowed(rights, operation))
  if (lacking.length > 0) return forbidden(name, lacking)
  const found = `partitions: ${partitions.length}, id ${id}; the user has ${operations.join(' and ')}`
  return { kind: 'ok', subject: topicSubject(name), found }
}

function forbidden(name: string, operations: readonly Operation[]): Finding {
  const found = `the user may not ${operations.join(' and ').toLowerCase()} it`
  const advice = `grant ${operations.join(' and ')} on the topic`
  return { ...failure(topicSubject(name), 'MR_KAFKA_FORBIDDEN', found), advice }
}

function leaderFindings({ name, partitions }: TopicPicture): readonly Finding[] {
  const subject = topicSubject(name)
  const findings: Finding[] = []
  const leaderless = partitions.filter(({ leader }) => leader < 0).map(({ partition }) => partition)
  if (leaderless.length > 0) {
    const found = `partitions without a leader: ${leaderless.join(', ')}`
    const advice = 'start the brokers that hold their replicas'
    findings.push({ ...failure(subject, 'MR_KAFKA_UNREACHABLE', found), advice })
  }
  const lacking = partitions.filter(({ replicas, inSync }) => inSync < replicas).map(({ partition }) => partition)
  if (lacking.length > 0) {
    const found = `partitions with replicas that are not in sync: ${lacking.join(', ')}`
    findings.push({ kind: 'warning', subject, found, advice: 'look which brokers are away' })
  }
  return findings
}
