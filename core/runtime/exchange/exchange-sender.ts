// hot path
import type { Batch } from '../../model/batch.ts'
import type { Schema } from '../../model/field-type.ts'
import type { KeySelector } from '../../model/key.ts'
import { KeyHasher } from '../../model/key.ts'
import { ownerOfKey } from '../key-owner.ts'
import type { Leaf } from '../task/chain.ts'
import type { Element } from '../task/element.ts'
import type { TaskCounts } from '../task/task-counts.ts'
import { BatchGatherer, buffersOf, type GatheredColumns } from './batch-gatherer.ts'
import type { PeerMessage } from './peer-messages.ts'

/** Batches that may be under way to one receiver. */
export const CREDITS_PER_EDGE = 8
const MAX_ROWS = 4096
const MAX_BYTES = 1 << 20

export interface ExchangeSenderOptions {
  readonly exchange: string
  readonly schema: Schema
  readonly keys: KeySelector
  readonly keyGroups: number
  readonly hashSeed: number
  /** Name of a split by its index. */
  readonly splitOf: (index: number) => string
  readonly worker: number
  readonly workers: number
  readonly counts: TaskCounts
  /** Hands a message to the gate on `worker`. */
  readonly send: (worker: number, message: PeerMessage, transfer: readonly ArrayBuffer[]) => void
  /** Called when a sender that was blocked is so no more: a receiver gave credit, or a barrier took along what waited. */
  readonly onUnblocked: () => void
}

/** What waits for one receiver. */
interface Target {
  readonly worker: number
  readonly gatherer: BatchGatherer
  /** Rows of the batch under way that go there: the first `count`. */
  readonly rows: Int32Array
  count: number
  credits: number
  pendingWatermark: number | undefined
}

/**
 * The sending end of an exchange: hashes each record once, gathers the records of each receiver in columns of its own,
 * and hands those over when they are many or the receiver is hungry, as long as it has credit. Control elements need no
 * credit and stay behind the records before them.
 */
export class ExchangeSender implements Leaf {
  readonly #options: ExchangeSenderOptions
  readonly #hasher: KeyHasher
  readonly #targets: readonly Target[]

  constructor(options: ExchangeSenderOptions) {
    this.#options = options
    this.#hasher = new KeyHasher(options.keys, options.hashSeed, { id: options.exchange, splitOf: options.splitOf })
    this.#targets = Array.from({ length: options.workers }, (_, worker) => ({
      worker,
      gatherer: new BatchGatherer(options.schema),
      rows: new Int32Array(MAX_ROWS),
      count: 0,
      credits: CREDITS_PER_EDGE,
      pendingWatermark: undefined,
    }))
  }

  /** True where some receiver has neither credit nor room: nothing more may be taken. */
  get isBlocked(): boolean {
    return this.#targets.some((target) => target.credits <= 0 && isFull(target))
  }

  take(element: Element): void {
    switch (element.kind) {
      case 'batch':
        this.#takeBatch(element)
        return
      case 'watermark':
        for (const target of this.#targets) this.#watermark(target, element.time)
        return
      case 'barrier':
        this.#barrier(element.epoch)
    }
  }

  /** The gate on `worker` has room for one more batch; the memory of the one that it took comes back. */
  credit(worker: number, emptied: GatheredColumns): void {
    const target = this.#targets[worker]!
    target.gatherer.adopt(emptied)
    const wasBlocked = this.isBlocked
    target.credits++
    this.#flushIfWanted(target)
    if (wasBlocked && !this.isBlocked) this.#options.onUnblocked()
  }

  #takeBatch(batch: Batch): void {
    const keyed = batch.withKeys(this.#hasher.hash(batch))
    this.#options.counts.exchange(this.#options.exchange).sent += batch.count
    for (let start = 0; start < batch.count; start += MAX_ROWS)
      this.#distribute(keyed, start, Math.min(batch.count, start + MAX_ROWS))
    for (const target of this.#targets) this.#flushIfWanted(target)
  }

  #distribute(batch: Batch, start: number, end: number): void {
    this.#assign(batch, start, end)
    for (const target of this.#targets) {
      if (target.count > 0) target.gatherer.append(batch, target.rows, target.count)
    }
  }

  /** Lists the rows of each receiver. */
  #assign(batch: Batch, start: number, end: number): void {
    const { keyGroups, workers } = this.#options
    const targets = this.#targets
    const keys = batch.system.keys!
    for (const target of targets) target.count = 0
    for (let position = start; position < end; position++) {
      const row = batch.rowAt(position)
      const target = targets[ownerOfKey(keys[4 * row]!, keyGroups, workers)]!
      target.rows[target.count++] = row
    }
  }

  #flushIfWanted(target: Target): void {
    const isHungry = target.credits === CREDITS_PER_EDGE
    if (target.credits > 0 && (isHungry || isFull(target))) this.#flush(target)
  }

  /** Needs no credit: what waited for some goes before it. Then nothing is left that a credit to come would wake. */
  #barrier(epoch: number): void {
    const { exchange, worker, onUnblocked } = this.#options
    const wasBlocked = this.isBlocked
    for (const target of this.#targets) {
      this.#flush(target)
      this.#send(target, { kind: 'barrier', exchange, from: worker, epoch })
    }
    if (wasBlocked) onUnblocked()
  }

  #watermark(target: Target, time: number): void {
    if (target.gatherer.rows > 0) target.pendingWatermark = time
    else this.#send(target, { kind: 'watermark', exchange: this.#options.exchange, from: this.#options.worker, time })
  }

  #flush(target: Target): void {
    if (target.gatherer.rows > 0) {
      target.credits--
      const { columns, rows, system } = target.gatherer.finish()
      const { exchange, worker } = this.#options
      this.#options.send(
        target.worker,
        { kind: 'records', exchange, from: worker, columns, rows, system },
        buffersOf(columns, system),
      )
    }
    const time = target.pendingWatermark
    target.pendingWatermark = undefined
    if (time !== undefined) this.#watermark(target, time)
  }

  #send(target: Target, message: PeerMessage): void {
    this.#options.send(target.worker, message, [])
  }
}

/** True where a batch is worth sending even to a receiver that is busy. */
function isFull(target: Target): boolean {
  return target.gatherer.rows >= MAX_ROWS || target.gatherer.sizeBytes >= MAX_BYTES
}
