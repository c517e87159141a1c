import { appendFileSync } from 'node:fs'
import { contract, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { deduplicate, filter } from 'millrace/operators'

const event = contract(
  'event',
  { event_id: string(), source_system: string(), event_ts: timestamp(), kind: string() },
  { eventTime: 'event_ts' },
)

/** Where each thread writes, one a line, the time at which its first probe came out of deduplication. */
const STAMPS = process.env.MILLRACE_BENCHMARK_STAMPS

let isStamped = false

function stamp(): void {
  if (isStamped || STAMPS === undefined) return
  isStamped = true
  appendFileSync(STAMPS, `${performance.timeOrigin + performance.now()}\n`)
}

/** Deduplication that remembers a day; of what it keeps, only probes go to the table. */
export default pipeline('restart', ({ from }) => {
  from('raw', log({ topic: 'events', contract: event }))
    .pipe(
      deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
      filter(({ kind }) => {
        if (kind !== 'probe') return false
        stamp()
        return true
      }),
    )
    .to('probes', delta({ path: 'warehouse/probes' }))
})
