// Two of its modules: all of the package would be a tenth of a second in every thread.
import type { Observable } from 'rxjs'
import { concatMap } from 'rxjs/internal/operators/concatMap'
import { Subject } from 'rxjs/internal/Subject'
import type { OwnedBlock } from '../../checkpoint/state-keeper.ts'
import type { StageStep } from '../../dataflow/physical-plan.ts'
import type { Batch } from '../../model/batch.ts'
import type { Watermark } from '../../model/control.ts'
import type { Refusal } from '../../model/dead-letter.ts'
import { MillraceError, toMillraceError } from '../../model/errors.ts'
import type { Operator, Output } from '../../ports/operator.ts'
import type { Element } from './element.ts'
import type { TaskCounts } from './task-counts.ts'

/** Where a branch of the chain ends: a sink's writer or an exchange. */
export interface Leaf {
  take(element: Element): void
}

export interface ChainParts {
  readonly steps: readonly StageStep[]
  readonly operators: ReadonlyMap<string, Operator>
  readonly counts: TaskCounts
  readonly leafOf: (step: StageStep) => Leaf
  readonly reject: (operator: string, rows: RejectedRows) => void
}

export interface RejectedRows extends Refusal {
  readonly batch: Batch
  readonly rows: Int32Array
}

interface Ending {
  readonly leaf: Leaf
  readonly waiting: Element[]
}

/**
 * The operators of one stage in one task, as an RxJS chain over batches, watermarks and barriers. Synchronous: when
 * `push` returns, everything has come out of the leaves. An operator that throws latches the chain: `push` throws then
 * and ever after, and no barrier comes out, so none is acknowledged. (After an error RxJS silently ignores `next`;
 * hence the subscribers at the end only store, and `push` looks at the latch.)
 */
export class Chain {
  readonly #root = new Subject<Element>()
  readonly #endings: Ending[] = []
  readonly #parts: ChainParts
  #blocks: OwnedBlock[] = []
  #failure: unknown

  constructor(parts: ChainParts) {
    this.#parts = parts
    for (const step of parts.steps) this.#connect(step, this.#root)
  }

  /** Sends one element through. Throws what an operator threw, as `MR_OPERATOR_FAILED` where it had no code. */
  push(element: Element): void {
    this.#root.next(element)
    if (this.#failure !== undefined) throw this.#failure
    for (const { leaf, waiting } of this.#endings) {
      if (element.kind === 'barrier' && waiting.at(-1) !== element) {
        throw new MillraceError('MR_INTERNAL', `barrier ${element.epoch} did not come out of the chain`)
      }
      for (const result of waiting.splice(0)) leaf.take(result)
    }
  }

  /** State that the operators handed over at the last barrier. */
  takeBlocks(): readonly OwnedBlock[] {
    const blocks = this.#blocks
    this.#blocks = []
    return blocks
  }

  #connect(step: StageStep, upstream: Observable<Element>): void {
    if (step.kind !== 'operator') {
      this.#end(upstream, this.#parts.leafOf(step))
      return
    }
    const results = new Subject<Element>()
    upstream.pipe(concatMap(this.#lift(step.id))).subscribe(results)
    if (step.next.length === 0) this.#end(results, { take: () => undefined })
    for (const next of step.next) this.#connect(next, results)
  }

  #end(upstream: Observable<Element>, leaf: Leaf): void {
    const waiting: Element[] = []
    this.#endings.push({ leaf, waiting })
    upstream.subscribe({
      next: (element) => waiting.push(element),
      error: (error) => {
        this.#failure ??= error
      },
    })
  }

  /** An operator as a function from one element to those that follow from it. */
  #lift(id: string): (element: Element) => readonly Element[] {
    const operator = this.#parts.operators.get(id)
    if (operator === undefined) throw new MillraceError('MR_INTERNAL', `there is no operator "${id}" in this task`)
    return (element) => {
      const results: Element[] = []
      try {
        this.#apply({ id, operator, element }, results)
      } catch (error) {
        throw toMillraceError(error, 'MR_OPERATOR_FAILED', `operator "${id}" failed`)
      }
      return results
    }
  }

  #apply(
    step: { readonly id: string; readonly operator: Operator; readonly element: Element },
    results: Element[],
  ): void {
    const { id, operator, element } = step
    const output = this.#output(id, results)
    switch (element.kind) {
      case 'batch':
        this.#parts.counts.operator(id).in += element.count
        operator.onBatch(element, output)
        return
      case 'watermark':
        operator.onWatermark(element.time, output)
        results.push(delayed(element, operator))
        return
      case 'barrier':
        for (const block of operator.snapshot()) this.#blocks.push({ operator: id, block })
        results.push(element)
    }
  }

  #output(id: string, results: Element[]): Output {
    const counts = this.#parts.counts.operator(id)
    return {
      emit: (batch) => {
        counts.out += batch.count
        if (batch.count > 0) results.push(batch)
      },
      create: (batch) => {
        if (batch.count === 0) return
        counts.out += batch.count
        counts.created = (counts.created ?? 0) + batch.count
        results.push(batch)
      },
      absorb: (count) => {
        if (count > 0) counts.absorbed = (counts.absorbed ?? 0) + count
      },
      drop: (reason, count) => {
        if (count > 0) counts.dropped[reason] = (counts.dropped[reason] ?? 0) + count
      },
      reject: (batch, rows, { code, message }) => {
        counts.dropped[code] = (counts.dropped[code] ?? 0) + rows.length
        this.#parts.reject(id, { batch, rows, code, message })
      },
    }
  }
}

function delayed(watermark: Watermark, { outputDelayMs = 0 }: Operator): Watermark {
  return outputDelayMs === 0 ? watermark : { kind: 'watermark', time: watermark.time - outputDelayMs }
}
