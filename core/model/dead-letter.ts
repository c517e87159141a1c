import type { ErrorCode } from './error-codes.ts'

/** A record header as Kafka has it: names may repeat, values may be null. */
export interface Header {
  readonly key: string
  readonly value: Uint8Array | null
}

/** Why a record is refused. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
}

/** A refusal with where it comes from: `source`, or the id of an operator or sink. */
export interface PlacedRefusal extends Refusal {
  readonly stage: string
}

/** Where a record came from. */
export interface Origin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
}

/**
 * A record refused by policy, with what is needed to inspect and replay it. `value` holds the original bytes where the
 * record failed at or before decoding, else the re-encoded record; above the size limit its first 64 KiB only, and then
 * `truncated` tells size and SHA-256 of the whole.
 */
export interface DeadLetter extends PlacedRefusal {
  readonly origin: Origin
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
  readonly truncated?: { readonly sizeBytes: number; readonly sha256: string }
}
