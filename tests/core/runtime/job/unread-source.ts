import type { Source } from '../../../../core/ports/source.ts'

/** A topic whose splits begin at 5 and end at 50; the record at offset n has the timestamp 100 n. */
export function sourceOf(topic: string, partitions: number): Source {
  const position = (offset: number) => ({ offset, incarnation: topic })
  return {
    splits: async () =>
      Array.from({ length: partitions }, (_, partition) => ({ id: `${topic}-${partition}`, topic, partition })),
    startPosition: async () => position(5),
    endPosition: async () => position(50),
    positionAt: async (_, timestampMs) => position(Math.min(50, Math.max(5, Math.ceil(timestampMs / 100)))),
    reader: () => Promise.reject(new Error('nobody reads here')),
    advise: async () => undefined,
    close: async () => undefined,
  }
}
