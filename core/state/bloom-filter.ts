// hot path
/** 12 bits and 8 probes per key: one key in 300 that was never added is taken for known. */
const BITS_PER_KEY = 12
const PROBES = 8

/** A Bloom filter over 128-bit key hashes: `has` is true for each key that was added, and seldom for others. */
export class BloomFilter {
  readonly #words: Int32Array
  /** Bits of the filter by 2³². */
  readonly #scale: number

  /** Room for `keys` keys. */
  constructor(keys: number) {
    const words = Math.max(2, Math.ceil((BITS_PER_KEY * keys) / 32))
    this.#words = new Int32Array(words)
    this.#scale = (32 * words) / 2 ** 32
  }

  get sizeBytes(): number {
    return this.#words.byteLength
  }

  /** Adds the key whose hash is `words[at … at+3]`. */
  add(words: Int32Array, at: number): void {
    let probe = words[at + 3]!
    const step = words[at + 1]! | 1
    for (let i = 0; i < PROBES; i++) {
      const bit = this.#bitOf(probe)
      this.#words[bit >>> 5]! |= 1 << (bit & 31)
      probe = (probe + step) | 0
    }
  }

  has(words: Int32Array, at: number): boolean {
    let probe = words[at + 3]!
    const step = words[at + 1]! | 1
    for (let i = 0; i < PROBES; i++) {
      const bit = this.#bitOf(probe)
      if ((this.#words[bit >>> 5]! & (1 << (bit & 31))) === 0) return false
      probe = (probe + step) | 0
    }
    return true
  }

  /** Bits may be more than an int32 can count, so this stays a double. */
  #bitOf(probe: number): number {
    return Math.floor((probe >>> 0) * this.#scale)
  }
}
