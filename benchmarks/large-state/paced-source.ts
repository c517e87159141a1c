import type { Contract, SourceSpec } from 'millrace'
import { deadLetterTopic } from 'millrace/connectors/log'
import { sharedNow } from './clock.ts'
import { type Input, inputOfEnvironment, SPLITS } from './input.ts'
import { OrderBatches, order } from './order-batch.ts'

type Order = typeof order extends Contract<infer T> ? T : never
type Source = ReturnType<SourceSpec<unknown>['open']>
type SplitReader = Awaited<ReturnType<Source['reader']>>
type Polled = Awaited<ReturnType<SplitReader['poll']>>
type Split = Awaited<ReturnType<Source['splits']>>[number]
type Position = Parameters<Source['reader']>[1]

const TOPIC = 'orders'
const INCARNATION = 'made'
const MOST_ROWS = 4096
/** As a client that fetches: what came meanwhile is there at once. */
const FETCH_EVERY_MS = 2
const OUT_OF_ORDERNESS_MS = 5_000

/**
 * Orders that are made when they are due, so that nothing but the engine stands between a record's coming and its way out.
 * The environment says which ones ({@link inputOfEnvironment}); offsets mean the same records in every run.
 */
export function pacedOrders(): SourceSpec<Order> {
  return {
    role: 'source',
    connector: 'paced',
    contract: order,
    outOfOrdernessMs: OUT_OF_ORDERNESS_MS,
    options: { topic: TOPIC, splits: SPLITS },
    deadLetters: deadLetterTopic({ topic: `${TOPIC}.dlq` }),
    open: () => new PacedSource(inputOfEnvironment()),
  }
}

class PacedSource implements Source {
  readonly #input: Input

  constructor(input: Input) {
    this.#input = input
  }

  async splits(): Promise<readonly Split[]> {
    return Array.from({ length: SPLITS }, (_, partition) => ({ id: `${TOPIC}-${partition}`, topic: TOPIC, partition }))
  }

  async startPosition(): Promise<Position> {
    return at(0)
  }

  async endPosition(): Promise<Position> {
    return at(this.#input.to / SPLITS)
  }

  async positionAt(): Promise<Position> {
    return at(0)
  }

  async reader({ partition }: Split, { offset }: Position, index: number): Promise<SplitReader> {
    return new PacedReader(this.#input, { partition, index, offset })
  }

  async advise(): Promise<void> {
    // Nobody asks for the lag.
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}

function at(offset: number): Position {
  return { offset, incarnation: INCARNATION }
}

class PacedReader implements SplitReader {
  readonly #batches: OrderBatches
  readonly #end: number
  /** Time between two records of this split. */
  readonly #everyMs: number
  readonly #begin: number
  #next: number
  /** When the first record is due: with the first poll. */
  #beganAt: number | undefined

  constructor(input: Input, split: { readonly partition: number; readonly index: number; readonly offset: number }) {
    this.#batches = new OrderBatches(input, { ...split, mostRows: MOST_ROWS })
    this.#end = input.to / SPLITS
    this.#everyMs = input.rate === 0 ? 0 : (1000 * SPLITS) / input.rate
    this.#begin = split.offset
    this.#next = split.offset
  }

  async poll(limit = this.#end): Promise<Polled> {
    const now = sharedNow()
    this.#beganAt ??= now
    const from = this.#next
    const due = this.#everyMs === 0 ? this.#end : this.#begin + Math.floor((now - this.#beganAt) / this.#everyMs) + 1
    const end = Math.max(from, Math.min(due, limit, this.#end))
    const rows = Math.min(MOST_ROWS, end - from)
    this.#next = from + rows
    const first = this.#everyMs === 0 ? now : this.#beganAt + (from - this.#begin) * this.#everyMs
    return {
      batch: rows === 0 ? undefined : this.#batches.make(from, rows, { first, everyMs: this.#everyMs }),
      rejected: [],
      tombstones: 0,
      consumed: rows,
      next: at(this.#next),
      caughtUp: this.#next === end,
    }
  }

  arrival(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, FETCH_EVERY_MS)
    })
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}
