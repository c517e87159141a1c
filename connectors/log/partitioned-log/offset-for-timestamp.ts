import type { BatchCursor } from './batch-cursor.ts'

/**
 * First offset at or after the cursor whose record has this timestamp (epoch ms) or a later one; the end where there is
 * none. Timestamps need not ascend, so it looks at every batch header until it finds one.
 */
export async function offsetForTimestamp(cursor: BatchCursor, timestamp: number): Promise<number> {
  for (;;) {
    const frame = cursor.take()
    if (frame === undefined) {
      if (!(await cursor.fill())) return cursor.next
    } else if (frame.maxTimestamp >= timestamp) {
      const view = cursor.decode(frame)
      const index = view.timestamps.findIndex((candidate) => candidate >= timestamp)
      if (index >= 0) return view.offsets[index]!
    }
  }
}
