// hot path
import type { Batch } from '../../../core/model/batch.ts'
import type { PartitionRouter } from './partition-router.ts'

/** Living rows of a batch by partition: rows `starts[i]` to `starts[i + 1]` of `rows` belong to `partitions[i]`. */
export interface RowGroups {
  readonly partitions: Int32Array
  readonly starts: Int32Array
  readonly rows: Int32Array
}

/** Groups the living rows of a batch by partition; within one they keep their order. */
export function groupRows(router: PartitionRouter, batch: Batch): RowGroups {
  const rows = batch.selectedRows()
  const ids = new Int32Array(rows.length)
  router.route(batch, rows, ids)
  const known = router.targets.length
  const counts = new Int32Array(known)
  for (let i = 0; i < ids.length; i++) counts[ids[i]!]!++
  const partitions = new Int32Array(Math.min(known, rows.length))
  const starts = new Int32Array(partitions.length + 1)
  let used = 0
  for (let id = 0; id < known; id++) {
    const count = counts[id]!
    if (count === 0) continue
    partitions[used] = id
    counts[id] = starts[used]!
    starts[++used] = starts[used - 1]! + count
  }
  return { partitions: partitions.subarray(0, used), starts, rows: used === 1 ? rows : sortRows(rows, ids, counts) }
}

/** `next[id]` is where the next row of a partition goes. */
function sortRows(rows: Int32Array, ids: Int32Array, next: Int32Array): Int32Array {
  const sorted = new Int32Array(rows.length)
  for (let i = 0; i < rows.length; i++) sorted[next[ids[i]!]!++] = rows[i]!
  return sorted
}
