import { contract, int64, integer, optional, type RecordOf, type Stream, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { deduplicate, derive, field, filter, utcDate } from 'millrace/operators'
import { WINDOWS, windowsByRegion } from '../../simulation/kept-windows.ts'

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

/** The contract of the example. */
export const event = contract('event', fields, { eventTime: 'event_ts', unknownFields: 'drop' })

/** Events that are sent again come up to 16 s late. */
export const OUT_OF_ORDERNESS = 2_000
export const TIMING = { sizeMs: 10_000, latenessMs: 1_000, outOfOrdernessMs: OUT_OF_ORDERNESS } as const

/** The steps of the example, and the kept records once more by window and region. */
export function curate(raw: Stream<RecordOf<typeof fields>>): void {
  const kept = raw.pipe(
    filter(field('amount_cents').gt(0)),
    deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
    derive({ partition_date: utcDate('event_ts') }),
  )
  kept.to('curated', delta({ path: 'warehouse/curated', partitionBy: ['partition_date', 'region'] }))
  windowsByRegion(kept, TIMING).to(WINDOWS, delta({ path: 'warehouse/windows' }))
}
