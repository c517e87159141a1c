import type { SeededRandom } from '../simulation/seeded-random.ts'

/** What is done to valid bytes. */
export const DAMAGES = [
  'bit flip',
  'byte change',
  'length edit',
  'varint edit',
  'truncation',
  'insertion',
  'removal',
  'splice',
] as const

/** `intact` leaves them as they are. */
export const MUTATIONS = ['intact', ...DAMAGES] as const

export type Mutation = (typeof MUTATIONS)[number]

/** Bytes and where it hurts. */
export interface Victim {
  readonly bytes: Uint8Array
  /** Where numbers of fixed width begin: 1, 2, 4 or 8 bytes. */
  readonly fields: readonly { readonly at: number; readonly width: number }[]
  /** Where varints begin. */
  readonly varints: readonly number[]
  /** Where parts of the bytes begin and end: records, batches. */
  readonly borders: readonly number[]
  /** Other valid bytes of the same kind, with their borders. */
  readonly other: Pick<Victim, 'bytes' | 'borders'>
}

const MOST_INSERTED_BYTES = 40
const BYTES = [0, 1, 2, 127, 128, 254, 255]
const NUMBERS = [0, 1, -1, 2, 7, 48, 49, 127, 128, 255, 256, 65_535, 65_536, 2 ** 24, 2 ** 30, 2 ** 31 - 1, -(2 ** 31)]
const LONG_NUMBERS = [...NUMBERS.map(BigInt), 2n ** 52n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)]
/** Too long for 32 bits, for 64 bits, and for any number. */
const OVERLONG = [[255, 255, 255, 255, 31], new Array<number>(9).fill(255).concat(3), new Array<number>(16).fill(128)]

/** A damaged copy; the same random numbers damage it in the same way. */
export function mutate(kind: Mutation, victim: Victim, random: SeededRandom): Uint8Array {
  return ACTIONS[kind](victim, random)
}

const ACTIONS: Readonly<Record<Mutation, (victim: Victim, random: SeededRandom) => Uint8Array>> = {
  intact: ({ bytes }) => Uint8Array.from(bytes),
  'bit flip': ({ bytes }, random) => changed(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  'byte change': ({ bytes }, random) =>
    changed(bytes, random, () => (random.chance(0.5) ? random.pick(BYTES) : random.below(256))),
  'length edit': editField,
  'varint edit': editVarint,
  truncation: ({ bytes }, random) => bytes.slice(0, random.below(bytes.length + 1)),
  insertion: insert,
  removal: remove,
  splice: splice,
}

function changed(bytes: Uint8Array, random: SeededRandom, change: (byte: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (copy.length === 0) return copy
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(copy.length)
    copy[at] = change(copy[at]!)
  }
  return copy
}

/** A number of fixed width becomes another: a border of its type, or a neighbour of what it was. */
function editField({ bytes, fields }: Victim, random: SeededRandom): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const view = new DataView(copy.buffer)
  const { at, width } = fields.length > 0 ? random.pick(fields) : { at: random.below(copy.length + 1), width: 4 }
  if (at + width > copy.length) return copy
  if (width === 1) copy[at] = random.pick(BYTES)
  else if (width === 2) view.setInt16(at, random.chance(0.3) ? view.getInt16(at) + near(random) : random.pick(NUMBERS))
  else if (width === 4) view.setInt32(at, random.chance(0.4) ? view.getInt32(at) + near(random) : random.pick(NUMBERS))
  else view.setBigInt64(at, random.pick(LONG_NUMBERS))
  return copy
}

function editVarint({ bytes, varints }: Victim, random: SeededRandom): Uint8Array {
  const start = varints.length > 0 && random.chance(0.9) ? random.pick(varints) : random.below(bytes.length + 1)
  let end = start
  let value = 0n
  for (let more = true; more && end < bytes.length; end++) {
    value |= BigInt(bytes[end]! & 127) << BigInt(7 * (end - start))
    more = bytes[end]! > 127
  }
  const told = (value >> 1n) ^ -(value & 1n)
  return replaced(bytes, [start, end], hostileVarint(told, random))
}

function hostileVarint(told: bigint, random: SeededRandom): readonly number[] {
  const choice = random.below(10)
  if (choice === 0) return random.pick(OVERLONG)
  if (choice < 6) return varint(told + BigInt(near(random)))
  return varint(random.chance(0.5) ? random.pick(LONG_NUMBERS) : BigInt(random.pick(NUMBERS)))
}

function varint(value: bigint): readonly number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return bytes
}

function insert({ bytes }: Victim, random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length + 1)
  const length = 1 + random.below(MOST_INSERTED_BYTES)
  const from = random.below(bytes.length + 1)
  const isRepeated = random.chance(0.4)
  const inserted = isRepeated
    ? bytes.subarray(from, from + length)
    : Uint8Array.from({ length }, () => (random.chance(0.3) ? random.pick(BYTES) : random.below(256)))
  return replaced(bytes, [at, at], inserted)
}

function remove({ bytes }: Victim, random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length + 1)
  return replaced(bytes, [at, Math.min(bytes.length, at + 1 + random.below(MOST_INSERTED_BYTES))], [])
}

/** The head of one and the tail of the other, mostly cut at borders: also parts twice, or out of order. */
function splice({ bytes, borders, other }: Victim, random: SeededRandom): Uint8Array {
  const cut = (of: Pick<Victim, 'bytes' | 'borders'>): number =>
    of.borders.length > 0 && random.chance(0.7) ? random.pick(of.borders) : random.below(of.bytes.length + 1)
  const tail = random.chance(0.3) ? { bytes, borders } : other
  return replaced(bytes, [cut({ bytes, borders }), bytes.length], tail.bytes.subarray(cut(tail)))
}

function near(random: SeededRandom): number {
  return random.pick([-3, -2, -1, 1, 2, 3, 64])
}

function replaced(bytes: Uint8Array, [start, end]: readonly [number, number], by: ArrayLike<number>): Uint8Array {
  const whole = new Uint8Array(start + by.length + bytes.length - end)
  whole.set(bytes.subarray(0, start))
  whole.set(by, start)
  whole.set(bytes.subarray(end), start + by.length)
  return whole
}
