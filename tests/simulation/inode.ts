import type { SeededRandom } from './seeded-random.ts'

/**
 * Content of one simulated file, with what of it would survive a power loss. Appends keep the durable part in place;
 * anything that would overwrite it moves to a new buffer first.
 */
export class Inode {
  readonly kind: 'file' | 'directory'
  modifiedAt: number
  #buffer = new Uint8Array(0)
  #size = 0
  #durable = new Uint8Array(0)

  constructor(kind: 'file' | 'directory', modifiedAt: number) {
    this.kind = kind
    this.modifiedAt = modifiedAt
  }

  get size(): number {
    return this.#size
  }

  get isSynced(): boolean {
    return this.#durable.buffer === this.#buffer.buffer && this.#durable.length === this.#size
  }

  /** A copy. */
  read(offset = 0, length = this.#size): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(offset, Math.min(this.#size, offset + length))
  }

  replace(bytes: Uint8Array): void {
    this.#buffer = bytes.slice()
    this.#size = bytes.length
  }

  append(bytes: Uint8Array): void {
    const isOverDurable = this.#size < this.#durable.length
    if (isOverDurable || this.#size + bytes.length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(2 * this.#size, this.#size + bytes.length, 256))
      grown.set(this.#buffer.subarray(0, this.#size))
      this.#buffer = grown
    }
    this.#buffer.set(bytes, this.#size)
    this.#size += bytes.length
  }

  truncate(size: number): void {
    if (size > this.#size) this.append(new Uint8Array(size - this.#size))
    this.#size = size
  }

  sync(): void {
    this.#durable = this.#buffer.subarray(0, this.#size)
  }

  /** Damages one bit: for corruption tests. */
  flip(bit: number): void {
    const bytes = this.read()
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    this.#restart(bytes)
  }

  /**
   * What the disk shows after the power came back. Unsynced appended bytes: none, all, or a prefix whose last bytes may
   * be garbage or zeros (a size that was written before its blocks). Unsynced replacement or cut: old, new, or torn.
   */
  losePower(random: SeededRandom): void {
    if (this.isSynced) return
    const base = this.#isAppended() ? this.#durable.length : 0
    const fate = random.pick(['none', 'all', 'prefix', 'torn'] as const)
    if (fate === 'none') this.#restart(this.#durable.slice())
    else if (fate === 'all') this.#restart(this.read())
    else {
      const survivor = this.read(0, base + random.below(this.#size - base + 1))
      if (fate === 'torn') tear(survivor.subarray(base), random)
      this.#restart(survivor)
    }
  }

  #isAppended(): boolean {
    const durable = this.#durable
    return this.#size >= durable.length && durable.every((byte, index) => byte === this.#buffer[index])
  }

  #restart(bytes: Uint8Array<ArrayBuffer>): void {
    this.#buffer = bytes
    this.#size = bytes.length
    this.#durable = bytes
  }
}

function tear(unsynced: Uint8Array, random: SeededRandom): void {
  const torn = unsynced.subarray(Math.max(0, unsynced.length - 1 - random.below(64)))
  if (random.chance(0.5)) torn.fill(0)
  else for (let i = 0; i < torn.length; i++) torn[i] = random.below(256)
}
