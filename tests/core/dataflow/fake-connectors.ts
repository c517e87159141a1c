import type { Contract } from '../../../core/model/contract.ts'
import { contract, int64, integer, optional, string, timestamp } from '../../../core/model/contract.ts'
import type { Schema } from '../../../core/model/field-type.ts'
import type { DeadLetterSinkSpec, RecordSinkSpec } from '../../../core/ports/sink.ts'
import type { SourceSpec } from '../../../core/ports/source.ts'

export const event = contract(
  'event',
  {
    event_id: string(),
    source_system: string(),
    user_id: optional(int64()),
    event_ts: timestamp(),
    region: string(),
    amount_cents: integer(),
  },
  { eventTime: 'event_ts' },
)

const neverRun = (): never => {
  throw new Error('a plan opens nothing')
}

export function fakeDeadLetters(topic: string): DeadLetterSinkSpec {
  return {
    role: 'sink',
    takes: 'dead-letters',
    connector: 'log',
    options: { topic },
    epochMs: 1_000,
    writer: neverRun,
    committer: neverRun,
  }
}

export function fakeSource<T>(topic: string, of: Contract<T>, connector = 'log'): SourceSpec<T> {
  const deadLetters = fakeDeadLetters(`${topic}.dead-letters`)
  return {
    role: 'source',
    connector,
    contract: of,
    outOfOrdernessMs: 5_000,
    options: { topic },
    deadLetters,
    open: neverRun,
  }
}

/** A sink that remembers the schemas it was asked to check. */
export function fakeSink<T>(path: string, checked: Schema[] = [], connector = 'delta'): RecordSinkSpec<T> {
  const check = (schema: Schema) => checked.push(schema)
  return {
    role: 'sink',
    takes: 'records',
    connector,
    options: { path },
    epochMs: 30_000,
    check,
    writer: neverRun,
    committer: neverRun,
  }
}
