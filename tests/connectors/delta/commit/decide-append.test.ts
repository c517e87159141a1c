import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AppendDecision, decideAppend } from '../../../../connectors/delta/commit/decide-append.ts'
import type { MetaData, Protocol } from '../../../../connectors/delta/log/actions.ts'

const protocol: Protocol = {
  minReaderVersion: 1,
  minWriterVersion: 2,
  readerFeatures: undefined,
  writerFeatures: undefined,
}
const metaData: MetaData = {
  id: 'one',
  name: undefined,
  description: undefined,
  format: { provider: 'parquet', options: {} },
  schemaString: '{}',
  partitionColumns: ['day'],
  configuration: { 'delta.appendOnly': 'true', 'delta.enableChangeDataFeed': 'true' },
  createdTime: 1,
}
const same = { protocol, metaData }

interface Case {
  readonly name: string
  readonly found: number
  readonly current?: typeof same
  readonly decision: AppendDecision
}

const withProperties = (configuration: Readonly<Record<string, string>>): typeof same => ({
  protocol,
  metaData: { ...metaData, configuration: { ...metaData.configuration, ...configuration } },
})

// The append goes from epoch 4 to epoch 7.
const cases: readonly Case[] = [
  { name: 'the table has the epoch before', found: 4, decision: 'append' },
  { name: 'the table has the epoch itself', found: 7, decision: 'done' },
  { name: 'the table has a later epoch', found: 8, decision: 'ahead' },
  { name: 'the table has an epoch between that we do not know', found: 5, decision: 'ahead' },
  { name: 'the table has an earlier epoch', found: 3, decision: 'behind' },
  { name: 'the table has never heard of us', found: -1, decision: 'behind' },
  {
    name: 'another table stands there',
    found: -1,
    current: { protocol, metaData: { ...metaData, id: 'two' } },
    decision: 'replaced',
  },
  {
    name: 'another table stands there with the same epochs',
    found: 7,
    current: { protocol, metaData: { ...metaData, id: 'two' } },
    decision: 'replaced',
  },
  {
    name: 'the schema was changed',
    found: 4,
    current: { protocol, metaData: { ...metaData, schemaString: '{"x":1}' } },
    decision: 'changed',
  },
  {
    name: 'the schema was changed after we had committed',
    found: 7,
    current: { protocol, metaData: { ...metaData, schemaString: '{"x":1}' } },
    decision: 'done',
  },
  {
    name: 'the partitioning was changed',
    found: 4,
    current: { protocol, metaData: { ...metaData, partitionColumns: [] } },
    decision: 'changed',
  },
  {
    name: 'the protocol was raised',
    found: 4,
    current: { metaData, protocol: { ...protocol, minWriterVersion: 7, writerFeatures: ['appendOnly'] } },
    decision: 'changed',
  },
  {
    name: 'a constraint was added',
    found: 4,
    current: withProperties({ 'delta.constraints.positive': 'x > 0' }),
    decision: 'changed',
  },
  {
    name: 'a property that no append heeds was changed',
    found: 4,
    current: withProperties({ 'delta.logRetentionDuration': 'interval 1 day' }),
    decision: 'append',
  },
  {
    name: 'a property of somebody else was changed',
    found: 4,
    current: withProperties({ owner: 'us' }),
    decision: 'append',
  },
  {
    name: 'name and description were changed',
    found: 4,
    current: { protocol, metaData: { ...metaData, name: 'n', description: 'd' } },
    decision: 'append',
  },
]

describe('decideAppend', () => {
  for (const { name, found, current = same, decision } of cases) {
    it(`says ${decision} where ${name}`, () => {
      assert.equal(decideAppend({ from: 4, to: 7, found, checked: same, current }), decision)
    })
  }
})
