import type { Stream } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { deduplicate, derive, field, filter, utcDate } from 'millrace/operators'
import type { Event } from '../../simulation/event-contract.ts'
import { WINDOWS, windowsByRegion } from '../../simulation/kept-windows.ts'

/** Events that are sent again come up to 16 s late. */
export const OUT_OF_ORDERNESS = 2_000
export const TIMING = { sizeMs: 10_000, latenessMs: 1_000, outOfOrdernessMs: OUT_OF_ORDERNESS } as const

/** The steps of the example, and the kept records once more by window and region. */
export function curate(raw: Stream<Event>): void {
  const kept = raw.pipe(
    filter(field('amount_cents').gt(0)),
    deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
    derive({ partition_date: utcDate('event_ts') }),
  )
  kept.to('curated', delta({ path: 'warehouse/curated', partitionBy: ['partition_date', 'region'] }))
  windowsByRegion(kept, TIMING).to(WINDOWS, delta({ path: 'warehouse/windows' }))
}
