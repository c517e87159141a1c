import type { Contract } from '../../core/model/contract.ts'
import { contract, int64, integer, optional, string, timestamp } from '../../core/model/contract.ts'
import type { RecordSinkSpec } from '../../core/ports/sink.ts'
import type { SourceSpec } from '../../core/ports/source.ts'

/** Signatures as connectors have them; these files are compiled, never run. */
export declare function source<T>(options: { readonly contract: Contract<T> }): SourceSpec<T>
export declare function sink<T>(options: { readonly partitionBy?: readonly (keyof T & string)[] }): RecordSinkSpec<T>

/** Compiles only where both types are the same. */
export type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false

export const event = contract('event', {
  event_id: string(),
  source_system: string(),
  user_id: optional(int64()),
  event_ts: timestamp(),
  region: string(),
  amount_cents: integer(),
  discount: optional(integer()),
  note: optional(string()),
})
