// hot path
/** Less than this is left to the garbage collector. */
const LEAST_BYTES = 4_096

/**
 * Gives the memory under an outgrown array back at once, and not when V8 comes to collect it: it lies outside the heap,
 * which seldom fills. No view on it may be in use any more. A view on a part of something is left alone.
 */
export function freeMemory(outgrown: ArrayBufferView): void {
  if (outgrown.byteLength < LEAST_BYTES) return
  for (const memory of ownMemory(outgrown)) memory.transfer(0)
}

/** The same for what several arrays share, all of whose users are done. */
export function freeShared(outgrown: readonly ArrayBufferView[]): void {
  for (const buffer of new Set(outgrown.map((view) => view.buffer))) freeMemory(new Uint8Array(buffer))
}

/** The memory under an array, to be handed over or freed: none where the array is only a part of it. */
export function ownMemory({ buffer, byteLength }: ArrayBufferView): readonly ArrayBuffer[] {
  return byteLength === buffer.byteLength && buffer instanceof ArrayBuffer ? [buffer] : []
}
