// hot path
/**
 * Entries found by 128-bit key hash; what they hold is for the classes that build on it.
 *
 * The index is of open addressing, three quarters full at most: each bucket holds the position of an entry plus one in its low bits and bits
 * of the key's second word above, which spare most looks at the keys themselves. A base rather than a part, as the way through an
 * object of its own would cost a look at memory for each key.
 */
export abstract class KeyedEntries {
  /** Four words of hash per entry. */
  protected words: Int32Array
  #index: Int32Array

  /** The index: zeros, as many as a power of two, more than there is room for entries. */
  protected constructor(words: Int32Array, index: Int32Array) {
    this.words = words
    this.#index = index
  }

  /** Position of the key whose hash is `words[at … at+3]`, valid until the next change; −1 where it has no entry. */
  lookup(words: Int32Array, at: number): number {
    const index = this.#index
    const keys = this.words
    const mask = index.length - 1
    const second = words[at + 1]!
    const third = words[at + 2]!
    let bucket = third & mask
    let found = index[bucket]!
    while (found !== 0) {
      if (((found ^ second) & ~mask) === 0) {
        const key = 4 * ((found & mask) - 1)
        if (
          keys[key] === words[at] &&
          keys[key + 1] === second &&
          keys[key + 2] === third &&
          keys[key + 3] === words[at + 3]
        ) {
          return (found & mask) - 1
        }
      }
      bucket = (bucket + 1) & mask
      found = index[bucket]!
    }
    return -1
  }

  /** Position of the next entry with the same hash as the one at `position`, found by {@link lookup} or this; −1 where there is none. */
  lookupNext(position: number): number {
    const index = this.#index
    const mask = index.length - 1
    let bucket = this.#bucketOf(position)
    do {
      bucket = (bucket + 1) & mask
      if (index[bucket] === 0) return -1
    } while (!this.#isSameHash((index[bucket]! & mask) - 1, position))
    return (index[bucket]! & mask) - 1
  }

  /** What the index holds first for a key with this third word: to be read early, while nobody waits for it. */
  peek(third: number): number {
    return this.#index[third & (this.#index.length - 1)]!
  }

  protected get index(): Int32Array {
    return this.#index
  }

  /** Adds a key that has no entry, at the next position. */
  protected addKey(position: number, words: Int32Array, at: number): void {
    const own = this.words
    own[4 * position] = words[at]!
    own[4 * position + 1] = words[at + 1]!
    own[4 * position + 2] = words[at + 2]!
    own[4 * position + 3] = words[at + 3]!
    this.fileAll(position, position + 1)
  }

  /** The key of the entry at `from` is found at `to` from now on. */
  protected refile(from: number, to: number): void {
    const index = this.#index
    const mask = index.length - 1
    const bucket = this.#bucketOf(from)
    index[bucket] = (index[bucket]! & ~mask) | (to + 1)
  }

  /** Files the entries of positions `[from, to)`, whose keys differ from each other and from all before. */
  protected fileAll(from: number, to: number): void {
    const index = this.#index
    const keys = this.words
    const mask = index.length - 1
    for (let position = from; position < to; position++) {
      let bucket = keys[4 * position + 2]! & mask
      while (index[bucket] !== 0) bucket = (bucket + 1) & mask
      index[bucket] = (keys[4 * position + 1]! & ~mask) | (position + 1)
    }
  }

  /** Files an entry; gives the position of the one with the same key in whose place it is found from now on, −1 where there is none. */
  protected fileNewer(position: number): number {
    const index = this.#index
    const keys = this.words
    const mask = index.length - 1
    const key = 4 * position
    const second = keys[key + 1]!
    let bucket = keys[key + 2]! & mask
    let found = index[bucket]!
    while (found !== 0) {
      if (((found ^ second) & ~mask) === 0 && hasSameKey(keys, key, 4 * ((found & mask) - 1))) break
      bucket = (bucket + 1) & mask
      found = index[bucket]!
    }
    index[bucket] = (second & ~mask) | (position + 1)
    return (found & mask) - 1
  }

  /** Finds the first `count` entries by this index from now on, which is as the first one was. */
  protected refileIn(index: Int32Array, count: number): void {
    this.#index = index
    this.fileAll(0, count)
  }

  /** Finds no key any more. */
  protected clearIndex(): void {
    this.#index.fill(0)
  }

  /** Where the index holds an entry that is in it. */
  #bucketOf(position: number): number {
    const index = this.#index
    const mask = index.length - 1
    let bucket = this.words[4 * position + 2]! & mask
    while ((index[bucket]! & mask) !== position + 1) bucket = (bucket + 1) & mask
    return bucket
  }

  #isSameHash(a: number, b: number): boolean {
    const { words } = this
    for (let word = 0; word < 4; word++) if (words[4 * a + word] !== words[4 * b + word]) return false
    return true
  }
}

function hasSameKey(words: Int32Array, a: number, b: number): boolean {
  return (
    words[a] === words[b] &&
    words[a + 1] === words[b + 1] &&
    words[a + 2] === words[b + 2] &&
    words[a + 3] === words[b + 3]
  )
}
