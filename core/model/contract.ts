import { MillraceError } from './errors.ts'
import type { FieldType, Schema, SchemaField } from './field-type.ts'
import { refuseUnknownKeys, suggestion } from './nearest.ts'

declare const valueType: unique symbol

/** A field of a contract; `T` is the TypeScript type of its values. Made by `string()`, `int64()`, `optional(…)`, … */
export interface Field<T> {
  readonly type: FieldType
  readonly optional: boolean
  readonly [valueType]?: T
}

/** The record type that a set of fields describes. */
export type RecordOf<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

const field = <T>(type: FieldType): Field<T> => ({ type, optional: false })

/** UTF-8 text. */
export const string = (): Field<string> => field({ kind: 'string' })
/** `true` or `false`. */
export const boolean = (): Field<boolean> => field({ kind: 'boolean' })
/** A whole number of 32 bits. */
export const int32 = (): Field<number> => field({ kind: 'int32' })
/** A whole number of 64 bits, as `bigint`. */
export const int64 = (): Field<bigint> => field({ kind: 'int64' })
/** A whole number within ±2^53, as `number`; stored as 64 bits. */
export const integer = (): Field<number> => field({ kind: 'integer' })
/** A finite double. */
export const float64 = (): Field<number> => field({ kind: 'float64' })
/** An exact decimal number, as text with exactly `scale` digits after the point. `1 ≤ precision ≤ 38`. */
export function decimal(precision: number, scale: number): Field<string> {
  if (
    !(
      Number.isInteger(precision) &&
      precision >= 1 &&
      precision <= 38 &&
      Number.isInteger(scale) &&
      scale >= 0 &&
      scale <= precision
    )
  ) {
    throw new MillraceError(
      'MR_CONTRACT_INVALID',
      `decimal(${precision}, ${scale}): precision is 1 to 38, scale 0 to precision`,
    )
  }
  return field({ kind: 'decimal', precision, scale })
}
/** An instant: epoch milliseconds, microseconds as fraction. In JSON a number (ms) or RFC 3339 text with an offset. */
export const timestamp = (): Field<number> => field({ kind: 'timestamp' })
/** A calendar day, `yyyy-mm-dd`. */
export const date = (): Field<string> => field({ kind: 'date' })
/** Bytes; base64 in JSON. */
export const binary = (): Field<Uint8Array> => field({ kind: 'binary' })
/** A field that may be absent or null; user code sees `undefined`. */
export const optional = <T>(inner: Field<T>): Field<T | undefined> => ({ type: inner.type, optional: true })

export interface ContractOptions<Name extends string = string> {
  /** The required timestamp field that gives event time. Default: the timestamp of the record in its log. */
  readonly eventTime?: Name
  /** What happens to fields that the contract does not name. Default `drop`. */
  readonly unknownFields?: 'drop' | 'refuse'
}

/** A typed promise about a record, checked where data enters. */
export interface Contract<T> {
  readonly name: string
  readonly schema: Schema
  readonly eventTime: string | undefined
  readonly unknownFields: 'drop' | 'refuse'
  readonly [valueType]?: T
}

/**
 * Declares what a record must look like. Its type flows through the whole graph.
 * Throws `MR_CONTRACT_INVALID` for an event time that is no required timestamp and for names that Parquet or Delta
 * cannot hold; `MR_OPTION_UNKNOWN` for unknown options.
 *
 * @example
 * const order = contract('order', { id: string(), cents: integer(), at: timestamp() }, { eventTime: 'at' })
 */
export function contract<F extends Readonly<Record<string, Field<unknown>>>>(
  name: string,
  fields: F,
  options: ContractOptions<keyof F & string> = {},
): Contract<RecordOf<F>> {
  refuseUnknownKeys(`contract "${name}"`, options, ['eventTime', 'unknownFields'])
  const schema: Schema = {
    fields: Object.entries(fields).map(([fieldName, declared]) => schemaField(name, fieldName, declared)),
  }
  checkNames(name, schema)
  checkEventTime(name, schema, options.eventTime)
  return Object.freeze({ name, schema, eventTime: options.eventTime, unknownFields: options.unknownFields ?? 'drop' })
}

/** A caller without types may give anything. */
function schemaField(contractName: string, name: string, declared: Field<unknown> | null | undefined): SchemaField {
  if (declared?.type?.kind !== undefined) return { name, type: declared.type, optional: declared.optional }
  throw new MillraceError(
    'MR_CONTRACT_INVALID',
    `contract "${contractName}": field "${name}" has no type; give it one such as string() or optional(integer())`,
  )
}

function checkNames(contractName: string, schema: Schema): void {
  const seen = new Set<string>()
  for (const { name } of schema.fields) {
    // Delta protocol, schema serialization: names are unique ignoring case; without column mapping these are refused.
    if (name === '' || /[ ,;{}()\n\t=]/.test(name)) {
      throw new MillraceError(
        'MR_CONTRACT_INVALID',
        `contract "${contractName}": field name "${name}" is empty or holds one of space , ; { } ( ) = tab newline`,
      )
    }
    if (seen.has(name.toLowerCase())) {
      throw new MillraceError(
        'MR_CONTRACT_INVALID',
        `contract "${contractName}": field "${name}" appears twice (case is ignored)`,
      )
    }
    seen.add(name.toLowerCase())
  }
  if (schema.fields.length === 0)
    throw new MillraceError('MR_CONTRACT_INVALID', `contract "${contractName}" has no fields`)
}

function checkEventTime(contractName: string, schema: Schema, eventTime: string | undefined): void {
  if (eventTime === undefined) return
  const found = schema.fields.find((candidate) => candidate.name === eventTime)
  if (found === undefined) {
    const names = schema.fields.map((candidate) => candidate.name)
    throw new MillraceError(
      'MR_CONTRACT_INVALID',
      `contract "${contractName}": event time "${eventTime}" is no field${suggestion(eventTime, names)}`,
    )
  }
  if (found.type.kind !== 'timestamp' || found.optional) {
    throw new MillraceError(
      'MR_CONTRACT_INVALID',
      `contract "${contractName}": event time "${eventTime}" must be a required timestamp()`,
    )
  }
}
