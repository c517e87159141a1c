import { MillraceError } from '../../../core/model/errors.ts'
import { attempts } from './attempts.ts'
import type { KafkaConnection } from './connection-options.ts'
import { FENCED, forbidden } from './failures.ts'
import type { PlacedBatch, ProduceAnswer } from './produce-calls.ts'
import { PROTOCOL } from './protocol-errors.ts'

/** Throws what the broker's answer means, unless it has the batch: `MR_KAFKA_UNREACHABLE` where another attempt may bring it there. */
export function checkTaken(answer: ProduceAnswer, placed: PlacedBatch, connection: KafkaConnection): void {
  const { errorCode, message } = answer
  if (errorCode === 0 || errorCode === PROTOCOL.duplicateSequence) return
  const attempt = attempts.writePartition(placed)
  if (errorCode === PROTOCOL.messageTooLarge || errorCode === PROTOCOL.recordListTooLarge) {
    throw new MillraceError(
      'MR_KAFKA_RECORD_TOO_LARGE',
      `Kafka: ${attempt.what}: the topic does not take a batch of ${placed.batch.length} bytes; raise its max.message.bytes, then start again`,
    )
  }
  if (errorCode === PROTOCOL.topicForbidden) throw forbidden(attempt, connection)
  if (errorCode === PROTOCOL.invalidProducerEpoch || errorCode === PROTOCOL.producerFenced) {
    throw new MillraceError('MR_KAFKA_FENCED', `Kafka: ${attempt.what}: ${FENCED}`)
  }
  const text = `Kafka: ${attempt.what}: the broker answered with error ${errorCode} ${message}`
  throw new MillraceError(TRANSIENT.includes(errorCode) ? 'MR_KAFKA_UNREACHABLE' : 'MR_KAFKA_PROTOCOL', text)
}

/** Leadership moves, replicas are missing, the broker is late: a new attempt may find it in order. */
const TRANSIENT: readonly number[] = [
  PROTOCOL.unknownTopicOrPartition,
  PROTOCOL.leaderNotAvailable,
  PROTOCOL.notLeaderOrFollower,
  PROTOCOL.requestTimedOut,
  PROTOCOL.brokerNotAvailable,
  PROTOCOL.replicaNotAvailable,
  PROTOCOL.networkException,
  PROTOCOL.notEnoughReplicas,
  PROTOCOL.notEnoughReplicasAfterAppend,
  PROTOCOL.storageError,
  PROTOCOL.fencedLeaderEpoch,
  PROTOCOL.unknownLeaderEpoch,
  PROTOCOL.unknownTopicId,
]
