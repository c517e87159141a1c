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
      return { ...bound, create: (context) => new MeteredOperator(bound.create(context), meter) }
    },
  }
}

class MeteredOperator implements Operator {
  readonly #operator: Operator
  readonly #meter: Meter

  constructor(operator: Operator, meter: Meter) {
    this.#operator = operator
    this.#meter = meter
  }

  get horizon(): number {
    return this.#operator.horizon
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
