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
    encode: (value) => Uint8Array.from(packr.pack(mapsOf(value))),
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

/** Objects become maps: the codec writes their keys as they are, `__proto__` included, in our order. */
function mapsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mapsOf)
  if (!isObject(value)) return scalar(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw notPlain(`an instance of ${value.constructor.name}`)
  const entries = Object.entries(value).filter((entry) => entry[1] !== undefined)
  entries.sort((a, b) => (a[0] < b[0] ? -1 : 1))
  return new Map(entries.map(([key, of]) => [key, mapsOf(of)]))
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
