import { delta } from '../../connectors/delta/index.ts'
import type { PipelineScope } from '../../core/index.ts'
import { derive, utcDate } from '../../operators/index.ts'
import { event, source } from './sources.ts'

/** A Delta sink takes the type of its stream: the names of its partition fields are checked. */
export function partitionsByFields({ from }: PipelineScope): void {
  const events = from('raw', source({ contract: event })).pipe(derive({ partition_date: utcDate('event_ts') }))
  events.to('curated', delta({ path: 'warehouse/curated', partitionBy: ['partition_date', 'region'] }))
  events.to('plain', delta({ path: 'warehouse/plain' }))
  // @ts-expect-error there is no such field
  events.to('wrong', delta({ path: 'warehouse/wrong', partitionBy: ['regoin'] }))
}
