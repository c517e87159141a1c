import { Packr } from 'msgpackr'
import { MillraceError, toMillraceError } from '../core/model/errors.ts'
import type { ValueCodec } from '../core/ports/value-codec.ts'

/**
 * A {@link ValueCodec} over MessagePack: only types of the standard, no extensions, keys of objects sorted, so that
 * equal values give equal bytes. Fields that are `undefined` are left out; −0 becomes 0. Encoding throws `MR_INTERNAL`
 * for what is not plain data or a bigint beyond 64 bits, decoding `MR_STATE_CORRUPT`.
 */
export function valueCodec(): ValueCodec {
  const packr = new Packr({ useRecords: false, mapsAsObjects: false, variableMapSize: true })
  return {
    encode: (value) => Uint8Array.from(packr.pack(new MapMaker().mapsOf(value))),
    decode: (bytes) => objectsOf(unpack(packr, bytes)),
  }
}

function unpack(packr: Packr, bytes: Uint8Array): unknown {
  try {
    // A view of its own: the decoder leaves a property on the array that it reads.
    return packr.unpack(bytes.subarray())
  } catch (error) {
    throw toMillraceError(error, 'MR_STATE_CORRUPT', 'stored bytes are no MessagePack value')
  }
}

/** Makes maps of objects: the codec writes their keys as they are, `__proto__` included, in our order. */
class MapMaker {
  /** Of the object before: a marker has thousands of objects with the same fields. */
  #keys: readonly string[] = []
  #sorted: readonly string[] = []

  mapsOf(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.mapsOf(item))
    if (!isObject(value)) return scalar(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) throw notPlain(`an instance of ${value.constructor.name}`)
    const map = new Map<string, unknown>()
    // A plain object has what its own keys name.
    const fields = value as Readonly<Record<string, unknown>>
    for (const key of this.#sortedKeys(value)) {
      const field = fields[key]
      if (field !== undefined) map.set(key, this.mapsOf(field))
    }
    return map
  }

  #sortedKeys(value: object): readonly string[] {
    const keys = Object.keys(value)
    const isSame = keys.length === this.#keys.length && keys.every((key, index) => key === this.#keys[index])
    if (isSame) return this.#sorted
    this.#keys = keys
    this.#sorted = keys.toSorted((a, b) => (a < b ? -1 : 1))
    return this.#sorted
  }
}

function scalar(value: unknown): unknown {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value) {
    throw notPlain('a bigint beyond 64 bits')
  }
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') throw notPlain(typeof value)
  return value === 0 ? 0 : value
}

function notPlain(what: string): MillraceError {
  return new MillraceError('MR_INTERNAL', `only plain data can be stored, not ${what}`)
}

function objectsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(objectsOf)
  if (value instanceof Map) return objectOf(value)
  // A copy: the decoder's bytes are a view on its input.
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (isObject(value) || value === undefined)
    throw new MillraceError('MR_STATE_CORRUPT', 'a stored value is no plain data')
  return value
}

function objectOf(map: ReadonlyMap<unknown, unknown>): object {
  const object: Record<string, unknown> = {}
  for (const [key, value] of map) {
    if (typeof key !== 'string')
      throw new MillraceError('MR_STATE_CORRUPT', 'a stored object has a key that is no text')
    if (key === '__proto__') defineProto(object, objectsOf(value))
    else object[key] = objectsOf(value)
  }
  return object
}

/** Assigning it would change the prototype. Defining every key so takes many times as long, and a marker has thousands. */
function defineProto(object: object, value: unknown): void {
  Object.defineProperty(object, '__proto__', { value, enumerable: true, writable: true, configurable: true })
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}
