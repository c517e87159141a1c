import type { ByteOperation, ByteStore } from '../../../core/ports/byte-store.ts'

/** A byte store in memory whose entries a test may look at and damage. */
export class MemoryBytes implements ByteStore {
  readonly entries = new Map<string, Uint8Array>()

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.entries.get(key)?.slice()
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return keys.map((key) => this.entries.get(key)?.slice())
  }

  async keys(from: string, to: string): Promise<readonly string[]> {
    return this.named('').filter((key) => key >= from && key < to)
  }

  async write(operations: readonly ByteOperation[]): Promise<void> {
    for (const operation of operations) {
      if (operation.kind === 'put') this.entries.set(operation.key, operation.value.slice())
      else this.entries.delete(operation.key)
    }
  }

  async close(): Promise<void> {
    // Another keeper may be opened on the same entries.
  }

  /** Keys that begin so, in order. */
  named(prefix: string): string[] {
    return [...this.entries.keys()].filter((key) => key.startsWith(prefix)).sort()
  }

  /** Damages one bit. */
  flip(key: string, bit: number): void {
    this.entries.get(key)![bit >> 3]! ^= 1 << (bit & 7)
  }
}
