import { MillraceError } from '../../../core/model/errors.ts'

/** Reads the body of an answer, one field after the other, as kafka.apache.org/protocol describes them. */
export class BodyReader {
  readonly #body: Buffer
  #at = 0

  constructor(body: Buffer) {
    this.#body = body
  }

  skip(bytes: number): void {
    this.#step(bytes)
  }

  int8(): number {
    return this.#body.readInt8(this.#step(1))
  }

  int16(): number {
    return this.#body.readInt16BE(this.#step(2))
  }

  int32(): number {
    return this.#body.readInt32BE(this.#step(4))
  }

  int64(): bigint {
    return this.#body.readBigInt64BE(this.#step(8))
  }

  string(): string {
    return this.#text(this.int16())
  }

  bytes(): Buffer {
    const start = this.#step(Math.max(0, this.int32()))
    return this.#body.subarray(start, this.#at)
  }

  /** Calls `read` for each element of an array. */
  each(read: () => void): void {
    const count = this.int32()
    for (let i = 0; i < count; i++) read()
  }

  uuid(): string {
    const start = this.#step(16)
    const hex = this.#body.toString('hex', start, this.#at)
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }

  /** Null becomes the empty text. */
  compactString(): string {
    return this.#text(this.#unsignedVarint() - 1)
  }

  /** The elements of a compact array; null has none. */
  compactArray<T>(read: () => T): readonly T[] {
    const elements: T[] = []
    for (let left = this.#unsignedVarint() - 1; left > 0; left--) elements.push(read())
    return elements
  }

  /** Passes over the tagged fields that end every structure of a flexible version. */
  tags(): void {
    for (let left = this.#unsignedVarint(); left > 0; left--) {
      this.#unsignedVarint()
      this.skip(this.#unsignedVarint())
    }
  }

  #text(length: number): string {
    const start = this.#step(Math.max(0, length))
    return this.#body.toString('utf8', start, this.#at)
  }

  #unsignedVarint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#body.readUInt8(this.#step(1))
      value |= (byte & 127) << shift
      if (byte < 128) return value
    }
  }

  /** Steps over bytes that must be there; returns where they begin. */
  #step(bytes: number): number {
    const start = this.#at
    const left = this.#body.length - start
    if (bytes < 0 || bytes > left) {
      throw new MillraceError(
        'MR_KAFKA_PROTOCOL',
        `Kafka: the response claims a size of ${bytes} where ${left} bytes are left`,
      )
    }
    this.#at += bytes
    return start
  }
}
