// hot path
import type { Batch } from '../../../core/model/batch.ts'
import type { PartitionRouter } from './partition-router.ts'

/** Living rows of a batch by partition: rows `starts[i]` to `starts[i + 1]` of `rows` belong to `partitions[i]`. */
export interface RowGroups {
  readonly partitions: Int32Array
  readonly starts: Int32Array
  readonly rows: Int32Array
}

/** Groups rows batch by batch; what it gives is valid until the next call. Owned by one task. */
export class RowGrouper {
  #ids = new Int32Array(0)
  #sorted = new Int32Array(0)

  /** Groups the living rows of a batch by partition; within one they keep their order. */
  group(router: PartitionRouter, batch: Batch): RowGroups {
    const rows = batch.selectedRows()
    if (this.#ids.length < rows.length) this.#makeRoom(rows.length)
    const ids = this.#ids.subarray(0, rows.length)
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
    return { partitions: partitions.subarray(0, used), starts, rows: used === 1 ? rows : this.#sort(rows, ids, counts) }
  }

  #makeRoom(rows: number): void {
    this.#ids = new Int32Array(2 * rows)
    this.#sorted = new Int32Array(2 * rows)
  }

  /** `next[id]` is where the next row of a partition goes. */
  #sort(rows: Int32Array, ids: Int32Array, next: Int32Array): Int32Array {
    const sorted = this.#sorted
    for (let i = 0; i < rows.length; i++) sorted[next[ids[i]!]!++] = rows[i]!
    return sorted
  }
}
