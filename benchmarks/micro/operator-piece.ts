import type { Batch } from '../../core/model/batch.ts'
import { NO_WATERMARK } from '../../core/model/control.ts'
import type { Schema } from '../../core/model/field-type.ts'
import type { KeySelector } from '../../core/model/key.ts'
import type { Operator, OperatorFunction, OperatorSpec, Output, Upstream } from '../../core/ports/operator.ts'

const KEY_GROUPS = 128

/** Takes everything. */
export const NOWHERE: Output = {
  emit: () => undefined,
  create: () => undefined,
  absorb: () => undefined,
  drop: () => undefined,
  reject: () => undefined,
}

/** A fresh instance of an operator; `key`: what its stream is keyed by, where it has no key of its own. */
export function create<T, R>(schema: Schema, operator: OperatorFunction<T, R>, key?: KeySelector): Operator {
  const specs: OperatorSpec[] = []
  const append = <S>(spec: OperatorSpec): Upstream<S> => {
    specs.push(spec)
    return { schema, append }
  }
  operator({ schema, append })
  const [spec] = specs
  if (spec === undefined) throw new Error('the operator function appended nothing')
  const context = {
    id: spec.name,
    keyGroups: KEY_GROUPS,
    splitOf: String,
    watermark: NO_WATERMARK,
    now: () => 0,
  }
  return spec.bind(schema, spec.exchange ?? key).create(context)
}

/** An operator with fresh state over batches with the hashes of their keys; a watermark after each. */
export class OperatorPiece<T, R> {
  readonly #batches: readonly Batch[]
  readonly #operator: OperatorFunction<T, R>

  constructor(batches: readonly Batch[], operator: OperatorFunction<T, R>) {
    this.#batches = batches
    this.#operator = operator
  }

  run(): void {
    const operator = create(this.#batches[0]!.schema, this.#operator)
    for (const batch of this.#batches) {
      operator.onBatch(batch, NOWHERE)
      operator.onWatermark(batch.system.eventTimes.at(-1)!, NOWHERE)
    }
  }
}
