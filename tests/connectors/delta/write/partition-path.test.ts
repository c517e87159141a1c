import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodePath } from '../../../../connectors/delta/log/snapshot.ts'
import { logPath, partitionDirectory, partitionValue } from '../../../../connectors/delta/write/partition-path.ts'
import { appendValue } from '../../../../core/model/append-value.ts'
import { ColumnBuilder } from '../../../../core/model/column-builder.ts'
import type { FieldType, FieldValue } from '../../../../core/model/field-type.ts'

function textOf(type: FieldType, value: FieldValue): string | null | undefined {
  const builder = new ColumnBuilder(type)
  appendValue(builder, value)
  const found = partitionValue(builder.finish(), 0)
  return found.kind === 'value' ? found.text : undefined
}

const directoryOf = (value: string | null): string | null => {
  const found = partitionDirectory(['p'], [value])
  return found.kind === 'value' ? found.text : found.why
}

describe('partition values', () => {
  const values: readonly (readonly [FieldType, FieldValue, string | null | undefined])[] = [
    [{ kind: 'string' }, 'a/b', 'a/b'],
    [{ kind: 'string' }, undefined, null],
    [{ kind: 'string' }, '', undefined],
    [{ kind: 'string' }, '__HIVE_DEFAULT_PARTITION__', undefined],
    [{ kind: 'boolean' }, true, 'true'],
    [{ kind: 'int32' }, -7, '-7'],
    [{ kind: 'int64' }, 9007199254740993n, '9007199254740993'],
    [{ kind: 'integer' }, 12, '12'],
    [{ kind: 'decimal', precision: 9, scale: 2 }, '1.50', '1.50'],
    [{ kind: 'date' }, '2026-01-31', '2026-01-31'],
    [{ kind: 'timestamp' }, 1769860800123.456, '2026-01-31T12:00:00.123456Z'],
    [{ kind: 'timestamp' }, -0.001, '1969-12-31T23:59:59.999999Z'],
  ]
  for (const [type, value, text] of values) {
    it(`${text === undefined ? 'refuses' : 'writes'} ${type.kind} ${JSON.stringify(typeof value === 'bigint' ? String(value) : value)}`, () => {
      assert.equal(textOf(type, value), text)
    })
  }

  it('refuses days and times whose year has not four digits', () => {
    for (const kind of ['date', 'timestamp'] as const) {
      const builder = new ColumnBuilder({ kind })
      if (kind === 'date') builder.appendInt32(2 ** 31 - 1)
      else builder.appendWords(-1, 2 ** 31 - 1)
      assert.equal(partitionValue(builder.finish(), 0).kind, 'refused')
    }
  })
})

describe('partition directories', () => {
  const paths: readonly (readonly [string | null, string, string])[] = [
    ['a/b', 'p=a%2Fb', 'p=a%252Fb'],
    ['a b', 'p=a b', 'p=a%20b'],
    ['%20', 'p=%2520', 'p=%252520'],
    ['é', 'p=é', 'p=%C3%A9'],
    ['😈', 'p=😈', 'p=%F0%9F%98%88'],
    ['x=y', 'p=x%3Dy', 'p=x%253Dy'],
    [':', 'p=%3A', 'p=%253A'],
    ['a\tb\u0000', 'p=a%09b%00', 'p=a%2509b%2500'],
    ['..', 'p=..', 'p=..'],
    [null, 'p=__HIVE_DEFAULT_PARTITION__', 'p=__HIVE_DEFAULT_PARTITION__'],
  ]
  for (const [value, directory, path] of paths) {
    it(`puts ${JSON.stringify(value)} into ${directory}, in the log ${path}`, () => {
      assert.equal(directoryOf(value), directory)
      assert.equal(logPath(directory), path)
    })
  }

  it('refuses names beyond 255 bytes, counted after escaping', () => {
    assert.equal(directoryOf('x'.repeat(253)), `p=${'x'.repeat(253)}`)
    assert.match(String(directoryOf('x'.repeat(254))), /255 bytes/)
    assert.match(String(directoryOf('/'.repeat(85))), /255 bytes/)
    assert.match(String(directoryOf('é'.repeat(127))), /255 bytes/)
  })

  it('decodes a path of the log exactly once to the path on disk, and different values to different directories', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const directory = String(directoryOf(a))
        assert.equal(decodePath(logPath(`${directory}/part`)), `${directory}/part`)
        assert.equal(directory === directoryOf(b), a === b)
        assert.ok(!/[/]/.test(directory))
      }),
    )
  })
})
