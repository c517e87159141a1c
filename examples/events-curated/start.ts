import { previewTable } from 'millrace/connectors/delta'
import {
  type Cell,
  countText,
  drainOnSignals,
  ledgerText,
  progressText,
  runPipeline,
  systemPorts,
  tableText,
} from 'millrace/platform'
import { fillLog } from './fill-log.ts'

const EVENTS = 200_000
const TABLE = 'warehouse/curated'
const COLUMNS = ['event_id', 'source_system', 'user_id', 'event_ts', 'amount_cents', 'kind', 'partition_date', 'region']

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`

let begin = performance.now()
const { from, to } = await fillLog(EVENTS)
console.log(`Appended events ${countText(from)} to ${countText(to - 1)} to topic "events" in ${seconds(begin)}.`)

begin = performance.now()
const job = runPipeline(new URL('./pipeline.ts', import.meta.url), {
  until: 'caught-up',
  onProgress: (progress) => console.error(progressText(progress)),
})
const ignoreSignals = drainOnSignals(job)
const { epoch, ledger, imbalances } = await job.done
ignoreSignals()
console.log(`Ran pipeline "events-curated" until caught up in ${seconds(begin)}; epoch ${epoch} is committed.\n`)
console.log('Where every record went, since the first start:\n')
console.log(`${ledgerText(ledger, imbalances)}\n`)

const table = await previewTable(systemPorts(), TABLE, 8)
if (table !== undefined) {
  console.log(
    `Delta table ${TABLE}, version ${table.version}, ${countText(table.records ?? 0)} records in ${table.files} files:\n`,
  )
  // The cells of this table are numbers, bigints, text or null.
  const lines = table.preview.map((record) =>
    COLUMNS.map((name) => (name === 'event_ts' ? time(record[name]) : (record[name] as Cell))),
  )
  console.log(`${tableText(COLUMNS, lines)}\n`)
}
console.log(`Next:
  npm start                                                  append ${countText(EVENTS)} more events and go on from the checkpoint
  npx millrace plan examples/events-curated/pipeline.ts      see operators, stages and what is stored
  npx millrace checkpoint ls examples/events-curated/pipeline.ts
  npx millrace log tail events.dlq --last 3                  see refused records with the reason
  Open ${TABLE} with DuckDB, Spark or delta-rs: it is a plain Delta table.`)

function time(value: unknown): string {
  return new Date(Number(value)).toISOString()
}
