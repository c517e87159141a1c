// hot path
import type { Batch } from '../../model/batch.ts'
import { NO_WATERMARK } from '../../model/control.ts'

/** Newest event time of a batch, −Infinity for an empty one. */
export function newestEventTime(batch: Batch): number {
  const times = batch.system.eventTimes
  let newest = NO_WATERMARK
  for (let position = 0; position < batch.count; position++) {
    const time = times[batch.rowAt(position)]!
    if (time > newest) newest = time
  }
  return newest
}

/** The minimum over some watermarks; −Infinity where there are none. */
export function lowestWatermark(watermarks: Iterable<number>): number {
  let lowest = Number.POSITIVE_INFINITY
  for (const watermark of watermarks) if (watermark < lowest) lowest = watermark
  return lowest === Number.POSITIVE_INFINITY ? NO_WATERMARK : lowest
}
