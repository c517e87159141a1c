import { MillraceError } from '../model/errors.ts'
import { hashBytes } from '../model/key-hash.ts'
import type { Position } from '../model/position.ts'
import type { PlanValue } from '../ports/operator.ts'
import type { Intent } from '../ports/sink.ts'
import type { ValueCodec } from '../ports/value-codec.ts'
import type { Ledger } from './ledger.ts'

/** Version of everything that a state directory and a manifest hold. */
export const STATE_FORMAT = 1

/** One stored block: a run of changed entries of one operator and key group from the epochs [from, to]. */
export interface BlockEntry {
  readonly operator: string
  readonly keyGroup: number
  readonly from: number
  readonly to: number
  readonly sizeBytes: number
  readonly crc: number
  /** Newest time among its entries: once the operator's horizon passed it, the block is dropped unread. */
  readonly latest: number
}

/** One entry of the time log: the wall time that `ctx.now()` gave throughout an epoch. */
export interface DecidedTime {
  readonly epoch: number
  readonly now: number
}

/**
 * Everything that makes an epoch one atomic unit: state (as the table of its blocks), offsets, watermarks, time log and
 * the intents of all sinks. Written by PREPARE in one synced batch with the blocks; also the manifest in the shared store.
 */
export interface EpochMarker {
  readonly format: number
  readonly pipeline: string
  readonly epoch: number
  /** Seal of the marker before, '' for the first: the chain that shows a lost or older epoch. */
  readonly previous: string
  readonly generation: number
  /** Highest epoch that every sink was known to have when this was written (FINALIZE rides here). */
  readonly finalized: number
  readonly planDigest: string
  readonly plan: PlanValue
  readonly keyGroups: number
  readonly hashSeed: number
  readonly timeLog: readonly DecidedTime[]
  /** Split ids by the index that system columns carry. */
  readonly splits: readonly string[]
  readonly positions: Readonly<Record<string, Position>>
  /** Offset at which each split was begun. */
  readonly begins: Readonly<Record<string, number>>
  /** Per sink and split the offset up to which its commits cover the input; an epoch that left nothing is not covered. */
  readonly covered: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Watermark per split, and per exchange under {@link exchangeWatermarkKey}, epoch ms. */
  readonly watermarks: Readonly<Record<string, number>>
  readonly intents: Readonly<Record<string, Intent>>
  /** Per sink the last epoch that it has once the intents of this one have landed. */
  readonly committed: Readonly<Record<string, number>>
  readonly identities: Readonly<Record<string, string>>
  readonly ledger: Ledger
  readonly blocks: readonly BlockEntry[]
}

/** A marker with its durable bytes and the hash that the next one chains to. */
export interface SealedMarker {
  readonly marker: EpochMarker
  readonly bytes: Uint8Array
  readonly hash: string
}

const SEAL_BYTES = 16
/** Never changed, whatever the format: a marker of a newer version must be recognised as whole. */
const SEAL_SEED = 1

/** Where the watermark of an exchange stands among those of the splits. */
export function exchangeWatermarkKey(exchange: string): string {
  return `exchange:${exchange}`
}

/** Encodes a marker behind its own hash. */
export function sealMarker(marker: EpochMarker, codec: ValueCodec): SealedMarker {
  const body = codec.encode(marker)
  const seal = hashOf(body)
  const bytes = new Uint8Array(SEAL_BYTES + body.length)
  bytes.set(seal)
  bytes.set(body, SEAL_BYTES)
  return { marker, bytes, hash: hex(seal) }
}

/** Decodes and checks a marker. Throws `MR_STATE_CORRUPT`, or `MR_STATE_FORMAT` for one of a newer version. */
export function openMarker(bytes: Uint8Array, codec: ValueCodec): SealedMarker {
  const body = bytes.subarray(SEAL_BYTES)
  const seal = hashOf(body)
  if (bytes.length <= SEAL_BYTES || hex(seal) !== hex(bytes.subarray(0, SEAL_BYTES))) {
    throw new MillraceError('MR_STATE_CORRUPT', 'an epoch marker fails its checksum')
  }
  // The seal proves that these bytes were made by sealMarker; the format is checked before any other field is used.
  const marker = codec.decode(body) as EpochMarker
  if (marker.format > STATE_FORMAT) {
    throw new MillraceError(
      'MR_STATE_FORMAT',
      `the state has format ${marker.format}, this version reads up to ${STATE_FORMAT}`,
    )
  }
  return { marker, bytes, hash: hex(seal) }
}

function hashOf(bytes: Uint8Array): Uint8Array {
  const words = new Int32Array(4)
  hashBytes(bytes, { out: words, at: 0, seed: SEAL_SEED })
  return new Uint8Array(words.buffer)
}

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
