import { previewTable } from 'millrace/connectors/delta'
import {
  type Cell,
  drainOnSignals,
  ledgerText,
  progressText,
  runPipeline,
  systemPorts,
  tableText,
} from 'millrace/platform'
import { fillLog } from './fill-log.ts'
import { FLIGHTS } from './read-flights.ts'
import { SUMMARY_COLUMNS, summarize } from './summarize.ts'

const TABLE = 'warehouse/flights'
const COLUMNS = ['date', 'origin', 'destination', 'delay', 'distance', 'month']

const count = (value: number): string => value.toLocaleString('en')
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`

let begin = performance.now()
const { appended } = await fillLog()
console.log(
  appended === 0
    ? `Topic "flights" holds all ${count(FLIGHTS)} flights already.`
    : `Appended ${count(appended)} flights to topic "flights" in ${seconds(begin)}.`,
)

begin = performance.now()
const job = runPipeline(new URL('./pipeline.ts', import.meta.url), {
  until: 'caught-up',
  onProgress: (progress) => console.error(progressText(progress)),
})
const ignoreSignals = drainOnSignals(job)
const { epoch, ledger, imbalances } = await job.done
ignoreSignals()
console.log(`Ran pipeline "flights" until caught up in ${seconds(begin)}; epoch ${epoch} is committed.\n`)
console.log('Where every record went, since the first start:\n')
console.log(`${ledgerText(ledger, imbalances)}\n`)

const ports = systemPorts()
const table = await previewTable(ports, TABLE, 5)
if (table !== undefined) {
  console.log(`Delta table ${TABLE}, version ${table.version}, ${count(table.records ?? 0)} records:\n`)
  // The cells of this table are numbers or text.
  const lines = table.preview.map((record) =>
    COLUMNS.map((name) => (name === 'date' ? new Date(Number(record[name])).toISOString() : (record[name] as Cell))),
  )
  console.log(`${tableText(COLUMNS, lines)}\n`)
  console.log('The table by month, read back:\n')
  console.log(`${tableText(SUMMARY_COLUMNS, await summarize(ports, TABLE))}\n`)
}
console.log(`Next:
  npm run example:flights     go on from the checkpoint: nothing is read twice
  node -C millrace-source tests/interop/flights.ts
                              have DuckDB compute the same from the Parquet source and compare`)
