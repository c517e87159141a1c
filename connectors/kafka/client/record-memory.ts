// hot path
/** Less than this is left to the garbage collector. */
const LEAST_BYTES = 16_384
/** Idle memory is kept up to this; what comes beyond is given back. */
const MOST_IDLE_BYTES = 16_777_216

/** Memory that the records of one fetch after the other lie in, in powers of two: fresh pages cost as much as a copy. */
export class RecordMemory {
  readonly #idle: ArrayBuffer[] = []
  #idleBytes = 0

  /** So many bytes, with anything in them. */
  take(size: number): Uint8Array {
    if (size < LEAST_BYTES) return new Uint8Array(size)
    const wanted = 2 ** Math.ceil(Math.log2(size))
    const found = this.#idle.findIndex((memory) => memory.byteLength === wanted)
    if (found < 0) return new Uint8Array(new ArrayBuffer(wanted), 0, size)
    const [memory] = this.#idle.splice(found, 1)
    this.#idleBytes -= wanted
    return new Uint8Array(memory!, 0, size)
  }

  /** Takes back what `take` gave, once nobody reads it any more. */
  give({ buffer }: Uint8Array): void {
    const { byteLength } = buffer
    if (byteLength < LEAST_BYTES || !(buffer instanceof ArrayBuffer)) return
    if (this.#idleBytes + byteLength > MOST_IDLE_BYTES) buffer.transfer(0)
    else {
      this.#idle.push(buffer)
      this.#idleBytes += byteLength
    }
  }
}
