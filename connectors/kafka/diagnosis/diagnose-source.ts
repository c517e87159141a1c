import {
  checked,
  type Finding,
  type SourceDiagnosis,
  type SourceDiagnosisContext,
} from '../../../core/ports/diagnosis.ts'
import { matchingTopics } from '../source/matching-topics.ts'
import type { ResolvedKafkaSource } from '../source/source-options.ts'
import { lookAtClock, lookAtNewest } from './clock-findings.ts'
import { metadata } from './cluster-questions.ts'
import { lookAtGroup } from './group-findings.ts'
import { lookAtPositions } from './position-findings.ts'
import { ask } from './question.ts'
import { type Cluster, reachCluster } from './reach-cluster.ts'
import { judgeSource, lookAtSettings } from './settings-findings.ts'
import { lookAtTopic, unknownTopic } from './topic-findings.ts'

/** Looks whether the source can be read: brokers, versions, topics, rights, settings, positions, group and clocks. */
export async function diagnoseSource(
  context: SourceDiagnosisContext,
  options: ResolvedKafkaSource<unknown>,
): Promise<SourceDiagnosis> {
  let topics = options.topics instanceof RegExp ? [] : options.topics
  const findings = await reachCluster(context, options, async (cluster) => {
    const named = await namesIn(cluster, options.topics)
    topics = named.names
    const ofTopics = await Promise.all(topics.map((name) => lookAtSource(cluster, name, { context, options })))
    const group = await lookAtGroup(cluster, options.group ?? context.pipeline)
    const clock = await lookAtClock(cluster, options.outOfOrdernessMs)
    return [...named.findings, ...ofTopics.flat(), ...group, ...clock]
  })
  return { findings, topics }
}

interface LookedSource {
  readonly context: SourceDiagnosisContext
  readonly options: ResolvedKafkaSource<unknown>
}

async function lookAtSource(cluster: Cluster, name: string, of: LookedSource): Promise<readonly Finding[]> {
  const absent = () => unknownTopic(cluster, name)
  const { findings, picture } = await lookAtTopic(cluster, { name, operations: ['READ'], absent })
  if (picture === undefined) return findings
  const settings = await lookAtSettings(cluster, picture, judgeSource)
  const { values } = settings
  const positions = await lookAtPositions(cluster, picture, of.context.positions)
  const newest = await lookAtNewest(cluster, picture, { values, toleranceMs: of.options.outOfOrdernessMs })
  return [...findings, ...settings.findings, ...positions, ...newest]
}

/** The names, or those that match now. */
async function namesIn(
  { ports, first }: Cluster,
  topics: readonly string[] | RegExp,
): Promise<{ readonly names: readonly string[]; readonly findings: readonly Finding[] }> {
  if (!(topics instanceof RegExp)) return { names: topics, findings: [] }
  let names: readonly string[] = []
  const subject = `topics ${topics}`
  const findings = await checked({ clock: ports.clock, subject, late: 'MR_KAFKA_UNREACHABLE' }, async () => {
    const all = (await ask(first.line, metadata('all'))).topics.filter(({ isInternal }) => !isInternal)
    names = matchingTopics(
      all.map(({ name }) => name),
      topics,
    )
    return [{ kind: 'ok', subject, found: `matching now: ${names.length}` }]
  })
  return { names, findings }
}
