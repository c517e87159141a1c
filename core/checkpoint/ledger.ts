/** What became of the records of one split, since the first start of the pipeline. */
export interface SplitCounts {
  readonly source: string
  readonly consumed: number
  readonly emitted: number
  readonly rejected: number
  readonly tombstones: number
}

/**
 * `dropped` counts by reason: a stable word, or the code under which the record went to the dead letters. An operator that makes
 * records of its state absorbs what it takes in and tells how many of `out` it created; both are 0 where they are left out.
 */
export interface OperatorCounts {
  readonly in: number
  readonly out: number
  readonly dropped: Readonly<Record<string, number>>
  readonly absorbed?: number
  readonly created?: number
}

export interface ExchangeCounts {
  readonly sent: number
  readonly received: number
}

export interface SinkCounts {
  readonly in: number
  readonly staged: number
  readonly rejected: number
}

/**
 * Where every record went. Kept in the checkpoint and checked at every barrier, when nothing is in flight:
 * per split consumed = emitted + rejected + tombstones; per operator in + created = out + dropped + absorbed; per exchange sent = received;
 * per sink in = staged + rejected; and what one node hands on is what the next one took.
 */
export interface Ledger {
  readonly splits: Readonly<Record<string, SplitCounts>>
  readonly operators: Readonly<Record<string, OperatorCounts>>
  readonly exchanges: Readonly<Record<string, ExchangeCounts>>
  readonly sinks: Readonly<Record<string, SinkCounts>>
}

/** A place where records are handed over: the count of its `from` side must equal the one of its `to` side. */
export type LedgerEnd =
  | { readonly kind: 'source'; readonly id: string }
  | { readonly kind: 'operator'; readonly id: string }
  | { readonly kind: 'exchange'; readonly id: string }
  | { readonly kind: 'sink'; readonly id: string }

/** How the nodes of a plan hang together, as far as the ledger cares. */
export interface LedgerWiring {
  readonly flows: readonly { readonly from: LedgerEnd; readonly to: LedgerEnd }[]
  /** Dead-letter sinks, with everything that may send to them. */
  readonly deadLetters: readonly {
    readonly sink: string
    readonly source: string
    readonly operators: readonly string[]
    readonly sinks: readonly string[]
  }[]
}

export const EMPTY_LEDGER: Ledger = { splits: {}, operators: {}, exchanges: {}, sinks: {} }

/** Sums two ledgers; either may lack nodes. */
export function addLedgers(a: Ledger, b: Ledger): Ledger {
  return {
    splits: mergeRecords(a.splits, b.splits, (x, y) => ({
      source: x.source,
      consumed: x.consumed + y.consumed,
      emitted: x.emitted + y.emitted,
      rejected: x.rejected + y.rejected,
      tombstones: x.tombstones + y.tombstones,
    })),
    operators: mergeRecords(a.operators, b.operators, (x, y) => ({
      in: x.in + y.in,
      out: x.out + y.out,
      dropped: mergeRecords(x.dropped, y.dropped, (m, n) => m + n),
      ...summed('absorbed', x, y),
      ...summed('created', x, y),
    })),
    exchanges: mergeRecords(a.exchanges, b.exchanges, (x, y) => ({
      sent: x.sent + y.sent,
      received: x.received + y.received,
    })),
    sinks: mergeRecords(a.sinks, b.sinks, (x, y) => ({
      in: x.in + y.in,
      staged: x.staged + y.staged,
      rejected: x.rejected + y.rejected,
    })),
  }
}

/** Every way in which the ledger does not balance, as sentences; empty where it does. */
export function imbalances(ledger: Ledger, wiring: LedgerWiring): readonly string[] {
  return [...nodeImbalances(ledger), ...flowImbalances(ledger, wiring), ...deadLetterImbalances(ledger, wiring)]
}

function nodeImbalances(ledger: Ledger): string[] {
  const found: string[] = []
  for (const [id, split] of Object.entries(ledger.splits)) {
    const accounted = split.emitted + split.rejected + split.tombstones
    if (split.consumed !== accounted)
      found.push(`split "${id}" consumed ${split.consumed} records but accounts for ${accounted}`)
  }
  for (const [id, operator] of Object.entries(ledger.operators)) {
    const { created = 0, absorbed = 0 } = operator
    const accounted = operator.out - created + total(operator.dropped) + absorbed
    if (operator.in !== accounted)
      found.push(`operator "${id}" took ${operator.in} records but accounts for ${accounted}`)
  }
  for (const [id, { sent, received }] of Object.entries(ledger.exchanges)) {
    if (sent !== received) found.push(`exchange "${id}" sent ${sent} records but ${received} arrived`)
  }
  for (const [id, sink] of Object.entries(ledger.sinks)) {
    const accounted = sink.staged + sink.rejected
    if (sink.in !== accounted) found.push(`sink "${id}" took ${sink.in} records but accounts for ${accounted}`)
  }
  return found
}

function flowImbalances(ledger: Ledger, wiring: LedgerWiring): string[] {
  const found: string[] = []
  for (const { from, to } of wiring.flows) {
    const given = handedOn(ledger, from)
    const taken = takenBy(ledger, to)
    if (given !== taken)
      found.push(`${from.kind} "${from.id}" handed on ${given} records but ${to.kind} "${to.id}" took ${taken}`)
  }
  return found
}

function deadLetterImbalances(ledger: Ledger, wiring: LedgerWiring): string[] {
  const found: string[] = []
  for (const { sink, source, operators, sinks } of wiring.deadLetters) {
    let refused = 0
    for (const split of Object.values(ledger.splits)) if (split.source === source) refused += split.rejected
    for (const id of operators) refused += rejectedBy(ledger.operators[id])
    for (const id of sinks) refused += ledger.sinks[id]?.rejected ?? 0
    const taken = ledger.sinks[sink]?.in ?? 0
    if (refused !== taken) found.push(`${refused} records were refused but the dead letters "${sink}" took ${taken}`)
  }
  return found
}

function handedOn(ledger: Ledger, end: LedgerEnd): number {
  switch (end.kind) {
    case 'source':
      return Object.values(ledger.splits).reduce((sum, split) => sum + (split.source === end.id ? split.emitted : 0), 0)
    case 'operator':
      return ledger.operators[end.id]?.out ?? 0
    case 'exchange':
      return ledger.exchanges[end.id]?.received ?? 0
    case 'sink':
      return ledger.sinks[end.id]?.staged ?? 0
  }
}

function takenBy(ledger: Ledger, end: LedgerEnd): number {
  switch (end.kind) {
    case 'source':
      return 0
    case 'operator':
      return ledger.operators[end.id]?.in ?? 0
    case 'exchange':
      return ledger.exchanges[end.id]?.sent ?? 0
    case 'sink':
      return ledger.sinks[end.id]?.in ?? 0
  }
}

function rejectedBy(operator: OperatorCounts | undefined): number {
  if (operator === undefined) return 0
  return Object.entries(operator.dropped).reduce(
    (sum, [reason, count]) => sum + (reason.startsWith('MR_') ? count : 0),
    0,
  )
}

/** Left out where neither has any. */
function summed(name: 'absorbed' | 'created', x: OperatorCounts, y: OperatorCounts): Partial<OperatorCounts> {
  const sum = (x[name] ?? 0) + (y[name] ?? 0)
  return sum === 0 ? {} : { [name]: sum }
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function mergeRecords<V>(
  a: Readonly<Record<string, V>>,
  b: Readonly<Record<string, V>>,
  merge: (x: V, y: V) => V,
): Record<string, V> {
  const merged: Record<string, V> = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const before = merged[key]
    merged[key] = before === undefined ? value : merge(before, value)
  }
  return merged
}
