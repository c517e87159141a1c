import type { Operator, OperatorFunction, OperatorSpec } from 'millrace'
import { threadCpuMs } from './clock.ts'
import type { Meter } from './meter.ts'

/** An operator as it is, with the CPU time of its calls taken. */
export function metered<T, R>(step: OperatorFunction<T, R>, meter: Meter): OperatorFunction<T, R> {
  return (upstream) => step({ ...upstream, append: (spec) => upstream.append(meteredSpec(spec, meter)) })
}

function meteredSpec(spec: OperatorSpec, meter: Meter): OperatorSpec {
  return {
    ...spec,
    bind: (input, key) => {
      const bound = spec.bind(input, key)
      return { ...bound, create: (context) => new MeteredOperator(spilling(bound.create(context)), meter) }
    },
  }
}

/** An operator whose state can leave memory. */
type Spilling = Operator & Required<Pick<Operator, 'stateBytes' | 'spillable'>>

function spilling(operator: Operator): Spilling {
  const { stateBytes, spillable } = operator
  if (stateBytes === undefined || spillable === undefined)
    throw new Error('the state of this operator cannot leave memory')
  // Both are there, as long as the operator is.
  return operator as Spilling
}

class MeteredOperator implements Operator {
  readonly #operator: Spilling
  readonly #meter: Meter

  constructor(operator: Spilling, meter: Meter) {
    this.#operator = operator
    this.#meter = meter
  }

  get horizon(): number {
    return this.#operator.horizon
  }

  get stateBytes(): Spilling['stateBytes'] {
    return this.#operator.stateBytes
  }

  get spillable(): Spilling['spillable'] {
    return this.#operator.spillable
  }

  onBatch(...call: Parameters<Operator['onBatch']>): void {
    const begin = threadCpuMs()
    this.#operator.onBatch(...call)
    this.#meter.batchTook(threadCpuMs() - begin)
  }

  onWatermark(...call: Parameters<Operator['onWatermark']>): void {
    const begin = threadCpuMs()
    this.#operator.onWatermark(...call)
    this.#meter.watermarkTook(threadCpuMs() - begin)
  }

  snapshot(): ReturnType<Operator['snapshot']> {
    const begin = threadCpuMs()
    const blocks = this.#operator.snapshot()
    this.#meter.snapshotTook(threadCpuMs() - begin)
    return blocks
  }

  restore(...call: Parameters<Operator['restore']>): void {
    const begin = threadCpuMs()
    this.#operator.restore(...call)
    this.#meter.restoreTook(threadCpuMs() - begin)
  }
}
