import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import { checked, type Finding, failure } from '../../../core/ports/diagnosis.ts'
import type { ClientSettings } from '../client/open-client.ts'
import { PROTOCOL } from '../client/protocol-errors.ts'
import { ask } from './question.ts'
import { type Cluster, reachCluster } from './reach-cluster.ts'
import { judgeTarget, lookAtSettings } from './settings-findings.ts'
import { lookAtTopic, topicSubject, unknownTopic } from './topic-findings.ts'
import { mayCreate, mayTransact } from './topic-questions.ts'

/** What a sink writes. */
export interface SinkTargets {
  readonly topics: readonly string[]
  /** `undefined`: it begins no transactions, and reads nothing back. */
  readonly transactionalId: string | undefined
  /** Partitions of a topic that the sink makes where it is absent; `undefined`: it must be there. */
  readonly createPartitions: number | undefined
}

/** Looks whether the sink can write: brokers, versions, topics, rights, settings and its transactional id. */
export function diagnoseSink(
  ports: ConnectorPorts,
  settings: ClientSettings,
  targets: SinkTargets,
): Promise<readonly Finding[]> {
  return reachCluster(ports, settings, async (cluster) => {
    const ofTopics = await Promise.all(targets.topics.map((name) => lookAtTarget(cluster, name, targets)))
    const { transactionalId } = targets
    const ofTransaction = transactionalId === undefined ? [] : await lookAtTransaction(cluster, transactionalId)
    return [...ofTopics.flat(), ...ofTransaction]
  })
}

async function lookAtTarget(cluster: Cluster, name: string, targets: SinkTargets): Promise<readonly Finding[]> {
  const { createPartitions, transactionalId } = targets
  const operations = transactionalId === undefined ? (['WRITE'] as const) : (['READ', 'WRITE'] as const)
  const absent = (): Promise<Finding> =>
    createPartitions === undefined ? unknownTopic(cluster, name) : creationFinding(cluster, name, createPartitions)
  const { findings, picture } = await lookAtTopic(cluster, { name, operations, absent })
  if (picture === undefined) return findings
  return [...findings, ...(await lookAtSettings(cluster, picture, judgeTarget)).findings]
}

/** Whether the cluster would make the topic: it is asked, and makes none. */
async function creationFinding({ first }: Cluster, name: string, partitions: number): Promise<Finding> {
  const subject = topicSubject(name)
  const { errorCode, message } = await ask(first.line, mayCreate(name, partitions))
  const found = `not there yet; it is made when it is first needed (partitions: ${partitions})`
  if (errorCode === 0) return { kind: 'ok', subject, found: `${found}, which the cluster allows` }
  if (errorCode === PROTOCOL.notController) return { kind: 'ok', subject, found }
  if ([PROTOCOL.topicForbidden, PROTOCOL.clusterForbidden].some((code) => code === errorCode)) {
    const advice = 'create the topic first, or grant CREATE on it'
    return { ...failure(subject, 'MR_KAFKA_FORBIDDEN', 'not there yet, and the user may not create it'), advice }
  }
  return failure(subject, 'MR_KAFKA_PROTOCOL', `not there yet, and cannot be made: error ${errorCode} ${message}`)
}

/** Whether the user may write under the transactional id. Every broker knows the rights. */
function lookAtTransaction({ ports, first }: Cluster, id: string): Promise<readonly Finding[]> {
  const subject = `transactional id ${id}`
  return checked({ clock: ports.clock, subject, late: 'MR_KAFKA_UNREACHABLE' }, async () => {
    if ((await ask(first.line, mayTransact(id))) !== PROTOCOL.transactionForbidden) {
      return [{ kind: 'ok', subject, found: 'the user has WRITE' }]
    }
    const finding = failure(subject, 'MR_KAFKA_FORBIDDEN', 'the user may not write under it')
    return [{ ...finding, advice: 'grant WRITE on the transactional id' }]
  })
}
