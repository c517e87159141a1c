import { checked, type Finding, failure } from '../../../core/ports/diagnosis.ts'
import type { BrokerLine } from '../client/broker-line.ts'
import { PROTOCOL } from '../client/protocol-errors.ts'
import { otherOwner } from '../source/group-owner.ts'
import { CONSUMER_GROUP_KEY, countMembers, describeGroup, type GroupPicture, groupOffsets } from './group-questions.ts'
import { ask } from './question.ts'
import type { Cluster } from './reach-cluster.ts'
import { isAllowed } from './topic-findings.ts'

/**
 * Whether the group takes the advice of this pipeline. Every broker is asked, as to look for the coordinator would have the cluster
 * make its topic of groups where nobody has needed that yet.
 */
export function lookAtGroup(cluster: Cluster, group: string): Promise<readonly Finding[]> {
  const { clock, pipeline } = cluster.ports
  const subject = `group ${group}`
  return checked({ clock, subject, late: 'MR_KAFKA_UNREACHABLE' }, async () => {
    const pictures = await picturesOf(cluster, group)
    if (pictures.some(({ picture }) => picture.errorCode === PROTOCOL.groupForbidden)) {
      const found = 'the user may not see the group'
      return [{ ...failure(subject, 'MR_KAFKA_FORBIDDEN', found), advice: 'grant READ on the group' }]
    }
    const coordinator = pictures.find(({ picture }) => picture.errorCode === 0)
    if (coordinator === undefined) return [{ kind: 'ok', subject, found: 'no broker has it: nobody used it yet' }]
    const { line, picture } = coordinator
    const owner = otherOwner(await ask(line, groupOffsets(group)), pipeline)
    if (owner !== undefined) return [ownedBy(subject, owner)]
    return [memberFinding(subject, await membersOf(cluster, coordinator, group)), ...rightFindings(subject, picture)]
  })
}

interface AskedCoordinator {
  readonly line: BrokerLine
  readonly picture: GroupPicture
}

function picturesOf({ lines }: Cluster, group: string): Promise<readonly AskedCoordinator[]> {
  return Promise.all(
    [...lines.values()].map(async (line) => ({ line, picture: await ask(line, describeGroup(group)) })),
  )
}

/** Groups of the new protocol look as if nobody knew them to the old question. */
async function membersOf({ first }: Cluster, { line, picture }: AskedCoordinator, group: string): Promise<number> {
  if (picture.state !== 'Dead' || !first.offered.has(CONSUMER_GROUP_KEY)) return picture.members
  return ask(line, countMembers(group))
}

function ownedBy(subject: string, owner: string): Finding {
  const found = `it has the offsets of pipeline "${owner}"`
  return { ...failure(subject, 'MR_KAFKA_GROUP_SHARED', found), advice: 'give this pipeline another group' }
}

function memberFinding(subject: string, members: number): Finding {
  if (members === 0) return { kind: 'ok', subject, found: 'it has no members and takes the advice of this pipeline' }
  const found = `it has ${members} members, so it does not take the advice of this pipeline`
  return { kind: 'warning', subject, found, advice: 'give this pipeline another group, or lag tools see other offsets' }
}

function rightFindings(subject: string, { rights }: GroupPicture): readonly Finding[] {
  if (isAllowed(rights, 'READ')) return []
  const found = 'the user may not commit offsets, so lag tools see nothing of this pipeline'
  return [{ kind: 'warning', subject, found, advice: 'grant READ on the group' }]
}
