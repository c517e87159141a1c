import { MillraceError } from '../../../core/model/errors.ts'
import type { GroupOffset } from '../client/kafka-client.ts'
import { type Admin, FindCoordinatorKeyTypes, offsetCommitV8 } from './package.ts'

/** A commit by somebody who is no member of the group; brokers take it while the group has no members. */
const NO_GENERATION = -1
const NO_MEMBER = ''
const UNKNOWN_EPOCH = -1

/** Commits offsets with their metadata, which the package's own call leaves out. Version 8: brokers before Kafka 3.6 know no newer one. */
export async function commitGroupOffsets(admin: Admin, group: string, offsets: readonly GroupOffset[]): Promise<void> {
  const coordinators = await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.GROUP, keys: [group] })
  const coordinator = coordinators.find(({ key }) => key === group)
  if (coordinator === undefined) {
    throw new MillraceError('MR_KAFKA_UNREACHABLE', `Kafka: group "${group}" has no coordinator yet`)
  }
  const connection = await admin.connections.get({ host: coordinator.host, port: coordinator.port })
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: UNKNOWN_EPOCH,
      committedMetadata: metadata,
    })),
  }))
  await offsetCommitV8.api.async(connection, group, NO_GENERATION, NO_MEMBER, null, topics)
}
