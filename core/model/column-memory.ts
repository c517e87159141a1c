import { freeMemory } from './free-memory.ts'

/** Where columns get memory from, and where it goes when they have outgrown it. One thread. */
export interface ColumnMemory {
  /** Memory for at least so many bytes, whatever they hold now. */
  take(bytes: number): ArrayBuffer
  /** Takes memory that nobody uses any more. */
  give(memory: ArrayBuffer): void
}

/** New memory each time, which goes back to the system. */
export const NEW_MEMORY: ColumnMemory = {
  take: (bytes) => new ArrayBuffer(bytes),
  give: (memory) => freeMemory(new Uint8Array(memory)),
}
