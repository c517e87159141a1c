import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  decideRecovery,
  type LocalFacts,
  RECOVERY_OUTCOMES,
  type RecoveryFacts,
  type SharedFacts,
  type SinkFacts,
} from '../../../core/checkpoint/decide-recovery.ts'
import type { SinkStatus } from '../../../core/ports/sink.ts'

const LOCAL: Readonly<Record<string, LocalFacts>> = {
  none: { kind: 'none' },
  foreign: { kind: 'foreign', pipeline: 'other' },
  corrupt: { kind: 'corrupt', reason: 'a block is missing' },
  open: { kind: 'epoch', epoch: 7, hash: 'h7', isFinalized: false },
  finalized: { kind: 'epoch', epoch: 7, hash: 'h7', isFinalized: true },
}

const SHARED: Readonly<Record<string, SharedFacts>> = {
  'not configured': { kind: 'not-configured' },
  unreadable: { kind: 'unreadable', reason: 'no route' },
  empty: { kind: 'empty' },
  older: { kind: 'epoch', epoch: 6, hash: 'h6' },
  same: { kind: 'epoch', epoch: 7, hash: 'h7' },
  other: { kind: 'epoch', epoch: 7, hash: 'x7' },
  newer: { kind: 'epoch', epoch: 8, hash: 'h8' },
}

const STATUSES: readonly SinkStatus[] = [
  'at-start',
  'at-end',
  'staged-missing',
  'replaced',
  'ahead',
  'behind',
  'unreachable',
]

/**
 * The outcome of every case, written down by hand. One row per local and shared fact; the columns are the statuses of
 * one sink in the order above, without and with an intent. A single word stands for all fourteen.
 */
const SINKS_DECIDE_ON_OPEN = [
  'finalize finalize staged-missing table-replaced table-ahead table-behind blocked',
  'redo     finalize staged-missing table-replaced table-ahead table-behind blocked',
]
const SINKS_DECIDE_ON_FINALIZED = [
  'resume       resume staged-missing table-replaced table-ahead table-behind blocked',
  'table-behind resume staged-missing table-replaced table-ahead table-behind blocked',
]
const SINKS_DECIDE_ON_NONE = [
  'fresh fresh staged-missing table-replaced table-ahead table-behind blocked',
  'fresh fresh staged-missing table-replaced table-ahead table-behind blocked',
]

const TABLE: Readonly<Record<string, readonly string[]>> = {
  'none / not configured': SINKS_DECIDE_ON_NONE,
  'none / unreadable': ['blocked'],
  'none / empty': SINKS_DECIDE_ON_NONE,
  'none / older': ['superseded'],
  'none / same': ['superseded'],
  'none / other': ['superseded'],
  'none / newer': ['superseded'],
  'foreign / not configured': ['foreign-checkpoint'],
  'foreign / unreadable': ['foreign-checkpoint'],
  'foreign / empty': ['foreign-checkpoint'],
  'foreign / older': ['foreign-checkpoint'],
  'foreign / same': ['foreign-checkpoint'],
  'foreign / other': ['foreign-checkpoint'],
  'foreign / newer': ['foreign-checkpoint'],
  'corrupt / not configured': ['corrupt'],
  'corrupt / unreadable': ['blocked'],
  'corrupt / empty': ['corrupt'],
  'corrupt / older': ['superseded'],
  'corrupt / same': ['superseded'],
  'corrupt / other': ['superseded'],
  'corrupt / newer': ['superseded'],
  'open / not configured': SINKS_DECIDE_ON_OPEN,
  'open / unreadable': ['blocked'],
  'open / empty': SINKS_DECIDE_ON_OPEN,
  'open / older': SINKS_DECIDE_ON_OPEN,
  'open / same': SINKS_DECIDE_ON_OPEN,
  'open / other': ['superseded'],
  'open / newer': ['superseded'],
  'finalized / not configured': SINKS_DECIDE_ON_FINALIZED,
  'finalized / unreadable': ['blocked'],
  'finalized / empty': SINKS_DECIDE_ON_FINALIZED,
  'finalized / older': SINKS_DECIDE_ON_FINALIZED,
  'finalized / same': SINKS_DECIDE_ON_FINALIZED,
  'finalized / other': ['superseded'],
  'finalized / newer': ['superseded'],
}

interface Case {
  readonly title: string
  readonly facts: RecoveryFacts
  readonly expected: string
}

function casesOf(place: string): readonly Case[] {
  const [local, shared] = place.split(' / ')
  return STATUSES.flatMap((status, column) =>
    [false, true].map((hasIntent) => ({
      title: `${place} / ${status} ${hasIntent ? 'with' : 'without'} an intent`,
      facts: { local: LOCAL[local!]!, shared: SHARED[shared!]!, sinks: [{ sink: 'table', hasIntent, status }] },
      expected: expectedAt(TABLE[place]!, hasIntent ? 1 : 0, column),
    })),
  )
}

function expectedAt(rows: readonly string[], row: number, column: number): string {
  return rows.length === 1 ? rows[0]! : rows[row]!.split(/ +/)[column]!
}

const sink = (name: string, status: SinkStatus, hasIntent = true): SinkFacts => ({ sink: name, hasIntent, status })
const decide = (local: string, ...sinks: readonly SinkFacts[]) =>
  decideRecovery({ local: LOCAL[local]!, shared: { kind: 'not-configured' }, sinks })

describe('decideRecovery', () => {
  it('has a row for every pair of local and shared facts', () => {
    const pairs = Object.keys(LOCAL).flatMap((local) => Object.keys(SHARED).map((shared) => `${local} / ${shared}`))
    assert.deepEqual(Object.keys(TABLE), pairs)
  })

  for (const place of Object.keys(TABLE)) {
    it(`decides all cases of ${place}`, () => {
      for (const { title, facts, expected } of casesOf(place)) {
        assert.equal(decideRecovery(facts).kind, expected, title)
      }
    })
  }

  it('has every outcome in the table', () => {
    const met = new Set(Object.keys(TABLE).flatMap((place) => casesOf(place).map(({ expected }) => expected)))
    assert.deepEqual([...met].sort(), [...RECOVERY_OUTCOMES].sort())
  })

  it('redoes exactly the sinks that lack the open epoch', () => {
    assert.deepEqual(
      decide('open', sink('a', 'at-end'), sink('b', 'at-start'), sink('c', 'at-start', false), sink('d', 'at-start')),
      { kind: 'redo', epoch: 7, sinks: ['b', 'd'] },
    )
  })

  it('refuses for one bad sink among good ones and names it', () => {
    assert.deepEqual(decide('open', sink('a', 'at-start'), sink('b', 'ahead')), { kind: 'table-ahead', sink: 'b' })
    assert.deepEqual(decide('finalized', sink('a', 'at-end'), sink('b', 'at-start')), {
      kind: 'table-behind',
      sink: 'b',
    })
  })

  it('needs no sink at all', () => {
    assert.deepEqual(decide('none'), { kind: 'fresh' })
    assert.deepEqual(decide('open'), { kind: 'finalize', epoch: 7 })
    assert.deepEqual(decide('finalized'), { kind: 'resume', epoch: 7 })
  })

  it('says why it stops', () => {
    assert.deepEqual(decide('corrupt'), { kind: 'corrupt', reason: 'a block is missing' })
    assert.deepEqual(decide('foreign'), { kind: 'foreign-checkpoint', pipeline: 'other' })
    const local = LOCAL.none!
    assert.deepEqual(decideRecovery({ local, shared: SHARED.unreadable!, sinks: [] }), {
      kind: 'blocked',
      reason: 'no route',
    })
    assert.deepEqual(decideRecovery({ local, shared: SHARED.newer!, sinks: [] }), { kind: 'superseded', epoch: 8 })
  })
})
