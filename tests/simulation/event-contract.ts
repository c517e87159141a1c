import { contract, int64, integer, optional, type RecordOf, string, timestamp } from '../../core/model/contract.ts'

const fields = {
  event_id: string(),
  source_system: string(),
  user_id: optional(int64()),
  event_ts: timestamp(),
  region: string(),
  amount_cents: integer(),
  kind: string(),
  note: string(),
}

/** The contract of the example events-curated, whose generator feeds tests. */
export const event = contract('event', fields, { eventTime: 'event_ts', unknownFields: 'drop' })

/** A record that keeps it. */
export type Event = RecordOf<typeof fields>
