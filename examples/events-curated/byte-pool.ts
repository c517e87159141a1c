const POOL_BYTES = 1 << 20
const encoder = new TextEncoder()

/** Encodes many small texts into few large buffers: a buffer of its own for each costs more than the encoding. */
export class BytePool {
  #buffer = new Uint8Array(0)
  #used = 0

  /** UTF-8 of `text`: a view, so its buffer must not be transferred. */
  encode(text: string): Uint8Array {
    const most = 3 * text.length
    if (this.#buffer.length - this.#used < most) {
      this.#buffer = new Uint8Array(Math.max(POOL_BYTES, most))
      this.#used = 0
    }
    const start = this.#used
    this.#used += encoder.encodeInto(text, this.#buffer.subarray(start)).written
    return this.#buffer.subarray(start, this.#used)
  }
}
