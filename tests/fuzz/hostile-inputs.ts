import { CODECS, type Codec, compress } from '../../formats/record-batch/compression.ts'
import { setBaseOffset } from '../../formats/record-batch/encode.ts'
import { AT, dataViewOf } from '../../formats/record-batch/layout.ts'
import { kafkajsResponse, platformaticResponse } from '../connectors/kafka/fetch-responses.ts'
import { SeededRandom } from '../simulation/seeded-random.ts'
import { DAMAGES, type Mutation, mutate, type Victim } from './mutations.ts'
import { mendFrame, type Sample, samples, withRecords } from './samples.ts'

/** What is given the bytes: the decoder, what cuts a fetch into batches, the reader of a partition, the parsers of both clients. */
export const LEVELS = ['batch', 'chunk', 'reader', 'platformatic', 'kafkajs'] as const

export type Level = (typeof LEVELS)[number]

/** Bytes to be judged, and what they were made of. */
export interface HostileInput {
  readonly level: Level
  readonly codec: Codec
  readonly mutation: Mutation
  /** The CRC was made right after the damage, so that what it protects is reached. */
  readonly isMended: boolean
  readonly bytes: Uint8Array
}

/** Offset that is asked for where batches come in rows, and where the first of them begins. */
export const FIRST_OFFSET = 40

/** gzip and zstd take most of the time. */
const CODEC_WEIGHTS: Readonly<Record<Codec, number>> = { none: 30, gzip: 5, snappy: 30, lz4: 30, zstd: 5 }
const LEVEL_WEIGHTS: Readonly<Record<Level, number>> = { batch: 84, chunk: 10, reader: 2, platformatic: 2, kafkajs: 2 }
/** Intact bytes are judged too, but they prove little each time. */
const INTACT = 0.02
const RARE = 0.02
const BEFORE_PACKING = 0.4

const HEADER_FIELDS = [
  { at: AT.baseOffset, width: 8 },
  { at: AT.batchLength, width: 4 },
  { at: AT.magic, width: 1 },
  { at: AT.attributes, width: 2 },
  { at: AT.lastOffsetDelta, width: 4 },
  { at: AT.baseTimestamp, width: 8 },
  { at: AT.maxTimestamp, width: 8 },
  { at: AT.producerId, width: 8 },
  { at: AT.recordCount, width: 4 },
]

/** Makes the hostile input of every number: the same seed and number give the same bytes, in whatever order they are made. */
export class HostileInputs {
  readonly #seed: number
  readonly #common = new Map<Codec, readonly Sample[]>()
  readonly #rare = new Map<Codec, readonly Sample[]>()

  constructor(seed: number) {
    this.#seed = seed
    const all = samples()
    for (const codec of CODECS) {
      const ofCodec = all.filter((sample) => sample.codec === codec)
      this.#common.set(
        codec,
        ofCodec.filter(({ isRare }) => !isRare),
      )
      this.#rare.set(
        codec,
        ofCodec.filter(({ isRare }) => isRare),
      )
    }
  }

  at(index: number): HostileInput {
    const random = new SeededRandom(Math.imul(this.#seed, 0x9e37_79b1) + index)
    const level = weighted(LEVEL_WEIGHTS, random)
    const codec = weighted(CODEC_WEIGHTS, random)
    const mutation: Mutation = random.chance(INTACT) ? 'intact' : random.pick(DAMAGES)
    const of = { codec, mutation, random }
    switch (level) {
      case 'batch':
        return { level, codec, mutation, ...this.#batch(of) }
      case 'chunk':
      case 'reader':
        return { level, codec, mutation, ...this.#chunk(of) }
      default:
        return { level, codec, mutation, isMended: false, bytes: this.#response(level, of) }
    }
  }

  #sample(codec: Codec, random: SeededRandom): Sample {
    const rare = this.#rare.get(codec)!
    return random.pick(rare.length > 0 && random.chance(RARE) ? rare : this.#common.get(codec)!)
  }

  #batch({ codec, mutation, random }: Of): Pick<HostileInput, 'bytes' | 'isMended'> {
    const sample = this.#sample(codec, random)
    const other = this.#sample(codec, random)
    if (random.chance(BEFORE_PACKING))
      return { bytes: hostileBeforePacking(sample, other, { mutation, random }), isMended: true }
    const bytes = mutate(mutation, victimOf(sample, other), random)
    const isMended = random.chance(0.6)
    if (isMended) mendFrame(bytes)
    return { bytes, isMended }
  }

  /** Batches that follow each other: one of them hostile, or all of them damaged together. */
  #chunk(of: Of): Pick<HostileInput, 'bytes' | 'isMended'> {
    const { codec, mutation, random } = of
    const isOneHostile = random.chance(0.5)
    const parts = Array.from({ length: 1 + random.below(4) }, () => this.#sample(codec, random).batch)
    let next = FIRST_OFFSET
    const placed = parts.map((part): Uint8Array => {
      const batch = Uint8Array.from(part)
      setBaseOffset(batch, next)
      next += dataViewOf(batch).getInt32(AT.lastOffsetDelta) + 1
      return batch
    })
    if (isOneHostile) {
      placed[random.below(placed.length)] = this.#batch(of).bytes
      return { bytes: Buffer.concat(placed), isMended: true }
    }
    const row = rowOf(placed)
    return { bytes: mutate(mutation, { ...row, other: row }, random), isMended: false }
  }

  #response(client: 'platformatic' | 'kafkajs', { codec, mutation, random }: Of): Uint8Array {
    const make = (): Uint8Array => {
      const records = random.chance(0.3) ? new Uint8Array(0) : this.#sample(codec, random).batch
      return client === 'kafkajs' ? kafkajsResponse(records) : platformaticResponse(records)
    }
    const plain = { bytes: make(), borders: [] }
    return mutate(mutation, { ...plain, fields: [], varints: [], other: { bytes: make(), borders: [] } }, random)
  }
}

interface Of {
  readonly codec: Codec
  readonly mutation: Mutation
  readonly random: SeededRandom
}

/** The records are damaged first and then compressed, and the frame is right: only their parser stands in the way. */
function hostileBeforePacking(sample: Sample, other: Sample, { mutation, random }: Omit<Of, 'codec'>): Uint8Array {
  const { plain, varints, borders } = sample
  const records = { bytes: other.plain, borders: other.borders }
  const damaged = mutate(mutation, { bytes: plain, fields: [], varints, borders, other: records }, random)
  const whole = withRecords(sample.batch, compress(sample.codec, damaged))
  if (!random.chance(0.25)) return whole
  // A count or a range of offsets that lies, or happens to be right again.
  const view = dataViewOf(whole)
  const at = random.pick([AT.recordCount, AT.lastOffsetDelta])
  view.setInt32(at, view.getInt32(at) + random.pick([-1, 1, 2]))
  mendFrame(whole)
  return whole
}

function victimOf({ batch, codec, varints, borders }: Sample, other: Sample): Victim {
  const isPlain = codec === 'none'
  const inBatch = (places: readonly number[]): readonly number[] =>
    isPlain ? places.map((at) => at + AT.records) : [AT.records]
  return {
    bytes: batch,
    fields: HEADER_FIELDS,
    varints: inBatch(varints),
    borders: inBatch(borders),
    other: {
      bytes: other.batch,
      borders: other.codec === 'none' ? other.borders.map((at) => at + AT.records) : [AT.records],
    },
  }
}

function rowOf(batches: readonly Uint8Array[]): Omit<Victim, 'other'> {
  const borders = [0]
  for (const batch of batches) borders.push(borders.at(-1)! + batch.length)
  const starts = borders.slice(0, -1)
  return {
    bytes: Buffer.concat(batches),
    borders,
    fields: starts.flatMap((start) => HEADER_FIELDS.map(({ at, width }) => ({ at: start + at, width }))),
    varints: starts.map((start) => start + AT.records),
  }
}

function weighted<Name extends string>(weights: Readonly<Record<Name, number>>, random: SeededRandom): Name {
  // The keys of a record of names are those names.
  const names = Object.keys(weights) as Name[]
  let rest = random.below(100)
  for (const name of names) {
    rest -= weights[name]
    if (rest < 0) return name
  }
  return names.at(-1)!
}
