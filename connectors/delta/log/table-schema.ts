import { z } from 'zod'
import { MillraceError } from '../../../core/model/errors.ts'
import type { FieldType, Schema, SchemaField } from '../../../core/model/field-type.ts'
import type { MetaData } from './actions.ts'

const tableSchema = z.object({
  type: z.literal('struct'),
  fields: z.array(z.object({ name: z.string(), type: z.unknown(), nullable: z.boolean() })),
})

type TableField = z.infer<typeof tableSchema>['fields'][number]

/** The schema as it stands in the metadata of a table. */
export function schemaString(schema: Schema): string {
  const fields = schema.fields.map(({ name, type, optional }) => ({
    name,
    type: deltaType(type),
    nullable: optional,
    metadata: {},
  }))
  return JSON.stringify({ type: 'struct', fields })
}

/**
 * Checks that records of `schema` can be appended: the table has every field with its type, takes nulls where they may
 * come, and its other columns may be absent. Throws `MR_DELTA_SCHEMA`.
 */
export function checkTableSchema(
  schema: Schema,
  partitionBy: readonly string[],
  { metaData, table }: { readonly metaData: MetaData; readonly table: string },
): void {
  const columns = parseTableSchema(metaData.schemaString, table)
  if (metaData.partitionColumns.join('\n') !== partitionBy.join('\n')) {
    throw misfit(
      table,
      `it is partitioned by [${metaData.partitionColumns.join(', ')}], the sink by [${partitionBy.join(', ')}]`,
    )
  }
  for (const field of schema.fields) checkField(field, columns, table)
  const missing = columns.find(({ name, nullable }) => !nullable && !schema.fields.some((field) => field.name === name))
  if (missing !== undefined)
    throw misfit(table, `its column "${missing.name}" must have a value and the records have no such field`)
}

function parseTableSchema(text: string, table: string): readonly TableField[] {
  try {
    return tableSchema.parse(JSON.parse(text)).fields
  } catch (error) {
    throw new MillraceError('MR_DELTA_CORRUPT', `${table}: the schema in the log cannot be read`, { cause: error })
  }
}

function checkField(field: SchemaField, columns: readonly TableField[], table: string): void {
  const column = columns.find(({ name }) => name === field.name)
  if (column === undefined) {
    const variant = columns.find(({ name }) => name.toLowerCase() === field.name.toLowerCase())
    const hint = variant === undefined ? 'add it to the table or write to another one' : `it has "${variant.name}"`
    throw misfit(table, `it has no column "${field.name}"; ${hint}`)
  }
  const wanted = deltaType(field.type)
  if (column.type !== wanted)
    throw misfit(table, `column "${field.name}" is ${JSON.stringify(column.type)}, the field is "${wanted}"`)
  if (field.optional && !column.nullable)
    throw misfit(table, `column "${field.name}" must have a value, the field is optional`)
}

function misfit(table: string, what: string): MillraceError {
  return new MillraceError('MR_DELTA_SCHEMA', `${table}: ${what}`)
}

function deltaType(type: FieldType): string {
  switch (type.kind) {
    case 'string':
    case 'boolean':
    case 'binary':
    case 'date':
    case 'timestamp':
      return type.kind
    case 'int32':
      return 'integer'
    case 'int64':
    case 'integer':
      return 'long'
    case 'float64':
      return 'double'
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
  }
}
