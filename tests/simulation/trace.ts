import { hashBytes } from '../../core/model/key-hash.ts'

const encoder = new TextEncoder()
const TAIL = 400

/** 32 hex digits that stand for `bytes`. */
export function bytesDigest(bytes: Uint8Array): string {
  const words = new Int32Array(4)
  hashBytes(bytes, { out: words, at: 0, seed: 0 })
  return hex(words)
}

/** 32 hex digits that stand for plain data; equal data, equal digest. */
export function valueDigest(value: unknown): string {
  const parts: string[] = []
  collect(value, parts)
  return bytesDigest(encoder.encode(parts.join('\u0001')))
}

/**
 * What happened in a simulation as one rolling 128-bit hash and a count: equal traces mean equal runs. The last lines
 * are kept as text for people.
 */
export class Trace {
  readonly #state = new Int32Array(4)
  readonly #bytes = new Uint8Array(16)
  #tail: string[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  get hash(): string {
    return hex(this.#state)
  }

  /** The last lines, oldest first. */
  get tail(): readonly string[] {
    return this.#tail
  }

  add(line: string): void {
    const text = encoder.encode(line)
    this.#bytes.set(new Uint8Array(this.#state.buffer))
    const joined = new Uint8Array(16 + text.length)
    joined.set(this.#bytes)
    joined.set(text, 16)
    hashBytes(joined, { out: this.#state, at: 0, seed: 1 })
    this.#count++
    this.#tail.push(line)
    if (this.#tail.length > 2 * TAIL) this.#tail = this.#tail.slice(-TAIL)
  }
}

function hex(words: Int32Array): string {
  let text = ''
  for (const word of words) text += (word >>> 0).toString(16).padStart(8, '0')
  return text
}

function collect(value: unknown, parts: string[]): void {
  if (value instanceof ArrayBuffer) collect(new Uint8Array(value), parts)
  else if (ArrayBuffer.isView(value)) {
    parts.push(`bytes ${bytesDigest(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`)
  } else if (value instanceof Map) collect([...value], parts)
  else if (Array.isArray(value)) {
    parts.push(`[${value.length}`)
    for (const item of value) collect(item, parts)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      parts.push(`.${key}`)
      collect(item, parts)
    }
    parts.push('}')
  } else parts.push(`${typeof value} ${String(value)}`)
}
