import { previewTable } from 'millrace/connectors/delta'
import { type ConnectorPorts, countText } from 'millrace/platform'

/** Sums of the flights of one month. */
interface MonthSummary {
  flights: number
  delay: number
  distance: number
  readonly keys: Set<string>
}

/** Names of the columns of {@link summarize}. */
export const SUMMARY_COLUMNS = ['month', 'flights', 'distinct keys', 'delay, minutes', 'distance, miles']

/** The whole table by month, read back from its Parquet files, with a line for the sum. */
export async function summarize(ports: ConnectorPorts, path: string): Promise<readonly (readonly string[])[]> {
  const table = await previewTable(ports, path, Number.POSITIVE_INFINITY)
  const months = new Map<string, MonthSummary>()
  for (const { month, date, origin, destination, delay, distance } of table?.preview ?? []) {
    const name = String(month)
    const summary = months.get(name) ?? { flights: 0, delay: 0, distance: 0, keys: new Set<string>() }
    months.set(name, summary)
    summary.flights++
    summary.delay += Number(delay)
    summary.distance += Number(distance)
    summary.keys.add(`${date}|${origin}|${destination}`)
  }
  const lines = [...months].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, month]) => numbersOf(month))
  const names = [...months.keys()].sort()
  const total = lines.reduce((sum, line) => sum.map((value, index) => value + line[index]!), [0, 0, 0, 0])
  return [...lines.map((line, index) => textOf(names[index]!, line)), textOf('all', total)]
}

function numbersOf({ flights, keys, delay, distance }: MonthSummary): number[] {
  return [flights, keys.size, delay, distance]
}

function textOf(name: string, sums: readonly number[]): readonly string[] {
  return [name, ...sums.map(countText)]
}
