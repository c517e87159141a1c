import type { ReadRange } from '../../core/ports/file-store.ts'

/** What a file store answers to a read: the bytes in the caller's memory where they fit, as the real one does. */
export function readInto(bytes: Uint8Array, range: ReadRange | undefined): Uint8Array {
  const memory = range?.into
  if (memory === undefined || memory.length < bytes.length) return bytes
  memory.set(bytes)
  return memory.subarray(0, bytes.length)
}
