import { MillraceError } from '../model/errors.ts'
import type { Schema } from '../model/field-type.ts'
import type { OperatorFunction, OperatorSpec, Upstream } from '../ports/operator.ts'
import type { RecordSinkSpec } from '../ports/sink.ts'

/** Where streams report what is declared on them. */
export interface StreamRegister {
  operator(upstream: string, input: Schema, spec: OperatorSpec): { readonly id: string; readonly schema: Schema }
  sink(
    upstream: string,
    id: string,
    declared: { readonly sink: RecordSinkSpec<unknown>; readonly schema: Schema },
  ): void
}

/**
 * A stream while the graph is built; `T` is the type of its records. It may feed any number of sinks and further
 * operators, and must feed at least one sink.
 */
export class Stream<T> implements Upstream<T> {
  readonly schema: Schema
  readonly #id: string
  readonly #register: StreamRegister
  readonly #record?: T

  constructor(register: StreamRegister, id: string, schema: Schema) {
    this.schema = schema
    this.#id = id
    this.#register = register
  }

  /**
   * Sends the stream through up to nine operators, in order.
   *
   * @example
   * events.pipe(filter(field('amount_cents').gt(0)), derive({ day: utcDate('event_ts') }))
   */
  pipe<A = T, B = A, C = B, D = C, E = D, F = E, G = F, H = G, I = H>(
    ...steps: readonly [
      a?: OperatorFunction<T, A>,
      b?: OperatorFunction<A, B>,
      c?: OperatorFunction<B, C>,
      d?: OperatorFunction<C, D>,
      e?: OperatorFunction<D, E>,
      f?: OperatorFunction<E, F>,
      g?: OperatorFunction<F, G>,
      h?: OperatorFunction<G, H>,
      i?: OperatorFunction<H, I>,
    ]
  ): Stream<I> {
    let stream: Upstream<unknown> = this
    for (const step of steps) {
      if (step === undefined) continue
      // Each step takes what the one before gives: the type parameters above chain them.
      stream = (step as OperatorFunction<unknown, unknown>)(stream)
    }
    if (!(stream instanceof Stream)) {
      throw new MillraceError(
        'MR_PIPELINE_INVALID',
        'a step of pipe() returned no stream; return what append() gave you',
      )
    }
    return stream
  }

  /** Ends the stream in a sink; the stream can be used further. `id` is stable: committed epochs belong to it. */
  to(id: string, sink: RecordSinkSpec<T>): void {
    this.#register.sink(this.#id, id, { sink, schema: this.schema })
  }

  /** For operators: adds one to the graph. */
  append<R>(spec: OperatorSpec): Stream<R> {
    const { id, schema } = this.#register.operator(this.#id, this.schema, spec)
    return new Stream<R>(this.#register, id, schema)
  }

  /** Keeps the record type nominal, as in a batch. */
  protected get recordType(): T | undefined {
    return this.#record
  }
}
