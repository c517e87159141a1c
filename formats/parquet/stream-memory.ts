// hot path
import { AsyncByteQueue } from 'apache-arrow'
import { freeMemory } from '../../core/model/free-memory.ts'

/** Memory above this is not kept from stream to stream. */
const KEPT_BYTES = 67_108_864

/**
 * Collects one Arrow stream after the other in the same memory. A stream of some megabytes that were new every time would
 * have V8 collect its heap again and again: what it counts are the bytes.
 */
export class StreamMemory {
  #bytes = new Uint8Array(65_536)
  #used = 0

  /** What a writer puts into the queue that this gives is the stream; it will have about so many bytes. */
  begin(expectedBytes: number): AsyncByteQueue {
    this.#used = 0
    if (expectedBytes > this.#bytes.length) {
      freeMemory(this.#bytes)
      this.#bytes = new Uint8Array(expectedBytes)
    }
    return new MemoryQueue((chunk) => this.#add(chunk))
  }

  /** The stream so far: a view that holds until the next `begin`. */
  end(): Uint8Array {
    const stream = this.#bytes.subarray(0, this.#used)
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = new Uint8Array(65_536)
    return stream
  }

  #add(chunk: Uint8Array): void {
    const needed = this.#used + chunk.length
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(needed + (needed >> 3))
      grown.set(this.#bytes.subarray(0, this.#used))
      freeMemory(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(chunk, this.#used)
    this.#used = needed
  }
}

/** Hands what is written on at once. */
class MemoryQueue extends AsyncByteQueue<Uint8Array> {
  readonly #add: (chunk: Uint8Array) => void

  constructor(add: (chunk: Uint8Array) => void) {
    super()
    this.#add = add
  }

  /** The writer gives bytes of other kinds of arrays as `Uint8Array`, too. */
  override write(chunk: Uint8Array): void {
    this.#add(chunk)
  }
}
