// hot path
let order = new Int32Array(0)

/** The rows 0 to `count` − 1. Shared by all: only to be read. */
export function rowsInOrder(count: number): Int32Array {
  if (count > order.length) order = Int32Array.from({ length: Math.max(4096, 2 * count) }, (_, row) => row)
  return order.subarray(0, count)
}
