import type { Ledger } from '../../core/checkpoint/ledger.ts'
import type { PlanDescription } from '../../core/dataflow/logical-plan.ts'
import { countText } from '../../core/observability/progress.ts'
import { tableText } from './table-text.ts'

/** Where every record went, as tables for people: a line per split, operator, exchange and sink. */
export function ledgerText(ledger: Ledger, imbalances: readonly string[]): string {
  const sections = [splitTable(ledger), operatorTable(ledger), exchangeTable(ledger), sinkTable(ledger)]
  const verdict =
    imbalances.length === 0
      ? 'The ledger balances: every record read is in a sink or a result, or dropped or refused for a reason above.'
      : `The ledger does NOT balance: ${imbalances.join('; ')}`
  return [...sections.filter((section) => section !== ''), verdict].join('\n\n')
}

/** The same ledger with operators, exchanges and sinks in the order of the plan: stored ones are sorted by name. */
export function inPlanOrder(ledger: Ledger, plan: PlanDescription): Ledger {
  const place = new Map(plan.nodes.map(({ id }, index) => [id, index]))
  const sorted = <V>(counts: Readonly<Record<string, V>>): Record<string, V> =>
    Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (place.get(a) ?? 0) - (place.get(b) ?? 0)))
  const { splits, operators, exchanges, sinks } = ledger
  return { splits, operators: sorted(operators), exchanges: sorted(exchanges), sinks: sorted(sinks) }
}

function splitTable({ splits }: Ledger): string {
  const lines = Object.entries(splits)
    .sort(byId)
    .map(([id, { consumed, emitted, rejected, tombstones }]) => [
      id,
      ...[consumed, emitted, rejected, tombstones].map(countText),
    ])
  return section(['split', 'consumed', 'emitted', 'refused', 'without value'], lines)
}

function operatorTable({ operators }: Ledger): string {
  const lines = Object.entries(operators).map(([id, operator]) => [
    id,
    countText(operator.in),
    countText(operator.out),
    lossText(operator),
  ])
  return section(['operator', 'in', 'out', 'dropped'], lines)
}

function exchangeTable({ exchanges }: Ledger): string {
  const lines = Object.entries(exchanges).map(([id, { sent, received }]) => [id, countText(sent), countText(received)])
  return section(['exchange before', 'sent', 'received'], lines)
}

function sinkTable({ sinks }: Ledger): string {
  const lines = Object.entries(sinks).map(([id, sink]) => [id, ...[sink.in, sink.staged, sink.rejected].map(countText)])
  return section(['sink', 'in', 'written', 'refused'], lines)
}

/** Where records of the input went that did not come out. */
function lossText({ dropped, absorbed = 0 }: Ledger['operators'][string]): string {
  const parts = Object.entries(dropped).map(([reason, count]) => `${reason} ${countText(count)}`)
  if (absorbed > 0) parts.push(`in results ${countText(absorbed)}`)
  return parts.length === 0 ? '-' : parts.join(', ')
}

function section(columns: readonly string[], lines: readonly (readonly string[])[]): string {
  return lines.length === 0 ? '' : tableText(columns, lines)
}

function byId(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1
}
