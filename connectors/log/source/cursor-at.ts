import { MillraceError } from '../../../core/model/errors.ts'
import type { Position } from '../../../core/model/position.ts'
import type { BatchCursor } from '../partitioned-log/batch-cursor.ts'
import type { PartitionedLog } from '../partitioned-log/partitioned-log.ts'
import type { Topic } from '../partitioned-log/topic.ts'

/** A cursor at a position of a checkpoint. Throws `MR_SOURCE_REPLACED`, `MR_POSITION_LOST`, `MR_LOG_CORRUPT`. */
export async function cursorAt(
  log: PartitionedLog,
  place: { readonly topic: Topic; readonly partition: number },
  position: Position,
): Promise<BatchCursor> {
  const { topic, partition } = place
  if (topic.id === position.incarnation) return log.readFrom(topic, partition, position.offset)
  const message = `topic "${topic.name}" was created anew: it has id ${topic.id}, the checkpoint knows ${position.incarnation}`
  throw new MillraceError('MR_SOURCE_REPLACED', message, { details: { topic: topic.name, id: topic.id } })
}
