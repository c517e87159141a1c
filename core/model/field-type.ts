/**
 * The types a field may have. TypeScript / column / Delta:
 * string → string / utf8 / string; boolean; int32 → number; int64 → bigint / int64 / long; integer → number / int64 /
 * long (beyond ±2^53 violates the contract); float64 → number / double; decimal → string (exact, with its scale);
 * timestamp → number, epoch milliseconds with microseconds as fraction / int64 µs / timestamp; date → string
 * `yyyy-mm-dd` / int32 days / date; binary → Uint8Array (base64 in JSON).
 */
export type FieldType =
  | { readonly kind: 'string' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int32' }
  | { readonly kind: 'int64' }
  | { readonly kind: 'integer' }
  | { readonly kind: 'float64' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'date' }
  | { readonly kind: 'binary' }

export type FieldKind = FieldType['kind']

/** A value as user code sees it. */
export type FieldValue = string | boolean | number | bigint | Uint8Array | undefined

/** One named column of a schema, as plain data. */
export interface SchemaField {
  readonly name: string
  readonly type: FieldType
  readonly optional: boolean
}

/** The columns of a batch in order, as plain data: it crosses threads and stands in the plan. */
export interface Schema {
  readonly fields: readonly SchemaField[]
}

/** Position of a field by name, −1 if absent. */
export function fieldIndex(schema: Schema, name: string): number {
  return schema.fields.findIndex((field) => field.name === name)
}

/** A short readable form of a type, such as `decimal(10,2)`. */
export function typeText(type: FieldType): string {
  return type.kind === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.kind
}

/** True where both schemas have the same fields in the same order. */
export function sameSchema(a: Schema, b: Schema): boolean {
  return (
    a.fields.length === b.fields.length &&
    a.fields.every((field, index) => {
      const other = b.fields[index]!
      return (
        field.name === other.name && field.optional === other.optional && typeText(field.type) === typeText(other.type)
      )
    })
  )
}
