import { countText } from 'millrace/platform'
import { steadyMicros } from '../orders/bars.ts'
import type { RunUsage } from '../processes/orders/measure-run.ts'
import type { Report } from '../report.ts'
import type { Call } from './call-tree.ts'
import { flameGraph } from './flame-graph.ts'
import { timeOfParts } from './parts.ts'

/** Parts with less are summed up. */
const LEAST_SHARE = 0.01

/** Where the time of a query goes. */
export function profileReport(of: {
  readonly query: string
  readonly events: number
  readonly found: Omit<RunUsage, 'quarterMs'>
  readonly calls: Call
}): Report {
  const { query, events, found, calls } = of
  const micros = steadyMicros(found)
  const parts = timeOfParts(calls)
  const shown = parts.filter(([, elapsed]) => elapsed >= LEAST_SHARE * calls.total)
  const rest = calls.total - shown.reduce((sum, [, elapsed]) => sum + elapsed, 0)
  const line = (name: string, elapsed: number) => {
    const share = elapsed / calls.total
    return [name, (micros * share).toFixed(2), `${(100 * share).toFixed(0)} %`]
  }
  return {
    query: `${query}-profile`,
    title: `Where the time of \`${query}\` goes`,
    method: `One run over ${countText(events)} orders with a sampling profile (every 0.5 ms) of all threads; its second half, when code is
compiled. Time counts for the function that is running; WebAssembly and Node for the function that called them. µs are shares of
the steady CPU time per record of this very run, which the profile makes somewhat dearer.`,
    command: `npm run kafka -- npm run benchmark -- --query ${query} --profile`,
    columns: ['part', 'µs per record', 'share'],
    lines: [...shown.map(([name, elapsed]) => line(name, elapsed)), line('all else', rest)],
    verdict: `${micros.toFixed(2)} µs per record with the profile.`,
    isMet: true,
    figures: { found, parts: Object.fromEntries(parts) },
    chart: flameGraph(`${query}: CPU time by call, all threads`, calls),
  }
}
