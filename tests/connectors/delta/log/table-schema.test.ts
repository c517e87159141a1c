import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MetaData, Protocol } from '../../../../connectors/delta/log/actions.ts'
import { refuseUnreadable, refuseUnwritable } from '../../../../connectors/delta/log/features.ts'
import { checkTableSchema, schemaString } from '../../../../connectors/delta/log/table-schema.ts'
import type { Schema } from '../../../../core/model/field-type.ts'
import { schemaOf } from '../delta-fixture.ts'

const schema = schemaOf({
  id: 'string',
  'amount?': { kind: 'decimal', precision: 9, scale: 2 },
  n: 'integer',
  region: 'string',
})

function metaDataOf(text: string, configuration: Readonly<Record<string, string>> = {}): MetaData {
  return {
    id: 'one',
    name: undefined,
    description: undefined,
    format: { provider: 'parquet', options: {} },
    schemaString: text,
    partitionColumns: ['region'],
    configuration: { ...configuration },
    createdTime: 1,
  }
}

const fits =
  (tableSchema: Schema, records = schema, partitionBy: readonly string[] = ['region']) =>
  () =>
    checkTableSchema(records, partitionBy, { metaData: metaDataOf(schemaString(tableSchema)), table: 'orders' })

describe('the schema of a table', () => {
  it('fits the records it was made for, whatever the order of columns', () => {
    assert.doesNotThrow(fits(schema))
    assert.doesNotThrow(fits({ fields: schema.fields.toReversed() }))
  })

  it('may have more columns that may be null, and looser ones', () => {
    assert.doesNotThrow(
      fits({ fields: [...schema.fields, { name: 'more', type: { kind: 'binary' }, optional: true }] }),
    )
    assert.doesNotThrow(fits({ fields: schema.fields.map((field) => ({ ...field, optional: true })) }))
  })

  const misfits: readonly (readonly [string, () => void, RegExp])[] = [
    ['lacks a column', fits({ fields: schema.fields.slice(1) }), /no column "id"/],
    ['has it in another case', fits(schemaOf({ ID: 'string', n: 'integer', region: 'string' })), /it has "ID"/],
    [
      'has it with another type',
      fits(schemaOf({ id: 'int32', 'amount?': 'float64', n: 'integer', region: 'string' })),
      /"integer"/,
    ],
    [
      'takes no null where one may come',
      fits({ fields: schema.fields.map((field) => ({ ...field, optional: false })) }),
      /"amount" must have a value/,
    ],
    [
      'needs a value that records lack',
      fits({ fields: [...schema.fields, { name: 'more', type: { kind: 'binary' }, optional: false }] }),
      /"more"/,
    ],
    ['is partitioned otherwise', fits(schema, schema, []), /partitioned by \[region\]/],
  ]
  for (const [what, check, message] of misfits)
    it(`does not fit where it ${what}`, () => assert.throws(check, { code: 'MR_DELTA_SCHEMA', message }))
})

describe('features', () => {
  const protocol = (
    [minReaderVersion, minWriterVersion]: readonly [number, number],
    readerFeatures?: string[],
    writerFeatures?: string[],
  ): Protocol => ({ minReaderVersion, minWriterVersion, readerFeatures, writerFeatures })

  it('that a reader must know are refused where we do not', () => {
    assert.doesNotThrow(() => refuseUnreadable(protocol([3, 7], ['deletionVectors', 'v2Checkpoint'], []), 'orders'))
    assert.throws(() => refuseUnreadable(protocol([3, 7], ['variantType'], []), 'orders'), {
      code: 'MR_DELTA_UNSUPPORTED',
      message: /variantType/,
    })
    assert.throws(() => refuseUnreadable(protocol([4, 7]), 'orders'), { code: 'MR_DELTA_UNSUPPORTED' })
  })

  const plain = schemaString(schema)
  const cases: readonly (readonly [string, Protocol, MetaData, RegExp | undefined])[] = [
    ['a plain table', protocol([1, 2]), metaDataOf(plain), undefined],
    ['legacy features that are not active', protocol([2, 6]), metaDataOf(plain), undefined],
    [
      'named features that are not active',
      protocol([3, 7], ['deletionVectors'], ['deletionVectors', 'appendOnly', 'invariants']),
      metaDataOf(plain, { 'delta.appendOnly': 'true' }),
      undefined,
    ],
    ['row tracking', protocol([1, 7], undefined, ['rowTracking']), metaDataOf(plain), /rowTracking/],
    [
      'in-commit timestamps',
      protocol([1, 7], undefined, ['inCommitTimestamp']),
      metaDataOf(plain),
      /inCommitTimestamp/,
    ],
    ['a later writer', protocol([1, 8]), metaDataOf(plain), /writer version 8/],
    [
      'a constraint',
      protocol([1, 3]),
      metaDataOf(plain, { 'delta.constraints.positive': 'n > 0' }),
      /constraint positive/,
    ],
    ['column mapping', protocol([2, 5]), metaDataOf(plain, { 'delta.columnMapping.mode': 'name' }), /mapping by name/],
    [
      'a generated column',
      protocol([1, 4]),
      metaDataOf(plain.replace('"metadata":{}', '"metadata":{"delta.generationExpression":"n"}')),
      /generationExpression/,
    ],
  ]
  for (const [what, given, metaData, message] of cases) {
    it(`${message === undefined ? 'let append to' : 'keep from appending to'} a table with ${what}`, () => {
      const check = () => refuseUnwritable(given, metaData, 'orders')
      if (message === undefined) assert.doesNotThrow(check)
      else assert.throws(check, { code: 'MR_DELTA_UNSUPPORTED', message })
    })
  }
})
