import { EncodedBatches } from '../../../connectors/kafka/client/encoded-chunk.ts'
import type { FetchedPartition, FetchPartition } from '../../../connectors/kafka/client/fetch-link.ts'
import { ERRORS } from './broker-errors.ts'
import type { PartitionLog } from './partition-log.ts'

interface Asked extends FetchPartition {
  readonly topicId: string
  readonly isCommittedOnly: boolean
  /** Code of the protocol where the broker does not lead the partition; 0 where it does. */
  readonly refused: number
}

/** What a broker answers for one partition of a fetch. */
export function answerFetch(log: PartitionLog | undefined, asked: Asked): FetchedPartition {
  const { topicId, partition } = asked
  const nothing = { topicId, partition, errorCode: 0, aborted: [], divergesAt: undefined, batches: undefined }
  if (log === undefined || asked.refused !== 0) return { ...nothing, errorCode: asked.refused }
  const errorCode = log.checkLeaderEpoch(asked.currentLeaderEpoch)
  if (errorCode !== 0) return { ...nothing, errorCode }
  const divergesAt = log.divergesAt(asked.lastFetchedEpoch, asked.offset)
  if (divergesAt !== undefined) return { ...nothing, divergesAt }
  if (!log.has(asked.offset)) return { ...nothing, errorCode: ERRORS.offsetOutOfRange }
  const { bytes, aborted } = log.read(asked)
  return bytes.length === 0 ? nothing : { ...nothing, aborted, batches: new EncodedBatches(bytes, () => undefined) }
}
