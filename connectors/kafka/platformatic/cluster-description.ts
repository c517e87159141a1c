import { type ClusterMetadata, type metadataV12, ResponseError } from './package.ts'

type MetadataResponse = metadataV12.MetadataResponse

/** What is needed of a description of the cluster. */
export type ClusterDescription = Pick<ClusterMetadata, 'topics' | 'brokers'>

/**
 * What a description holds beside partitions that are in trouble: the package throws all of it away for one partition without a
 * leader. `undefined` where something else is wrong.
 */
export function partialDescription(error: unknown): ClusterDescription | undefined {
  if (!(error instanceof ResponseError)) return undefined
  if (!error.errors.every((one: { readonly path?: string }) => one.path?.includes('/partitions/') === true))
    return undefined
  // Metadata is the one request that this is asked of.
  const response = error.response as MetadataResponse
  return {
    brokers: new Map(response.brokers.map(({ nodeId, host, port, rack }) => [nodeId, { host, port, rack }])),
    topics: new Map(response.topics.map((topic) => [topic.name ?? '', topicOf(topic)])),
  }
}

function topicOf({ topicId, partitions }: MetadataResponse['topics'][number]) {
  const sorted = partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex)
  return {
    id: topicId,
    partitionsCount: partitions.length,
    lastUpdate: 0,
    partitions: sorted.map(({ leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas }) => ({
      leader: leaderId,
      leaderEpoch,
      replicas: replicaNodes,
      isr: isrNodes,
      offlineReplicas,
    })),
  }
}
