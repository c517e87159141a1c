import { MillraceError } from '../model/errors.ts'
import { type Schema, typeText } from '../model/field-type.ts'
import type { KeySelector } from '../model/key.ts'
import { refuseUnknownKeys } from '../model/nearest.ts'
import type { OperatorSpec } from '../ports/operator.ts'
import type { DeadLetterSinkSpec, RecordSinkSpec } from '../ports/sink.ts'
import type { SourceSpec } from '../ports/source.ts'
import type { KeyDescription, PlanNode, PlannedOperator, PlanSpecs, SourceNode } from './logical-plan.ts'
import { checkName } from './name.ts'
import type { FromOptions } from './pipeline.ts'
import { Stream, type StreamRegister } from './stream.ts'

/** Collects what one run of a pipeline's function declares, checks it and turns it into nodes and specs. */
export class PlanBuilder implements StreamRegister {
  readonly #pipeline: string
  readonly #nodes = new Map<string, PlanNode>()
  readonly #sources = new Map<string, SourceSpec<unknown>>()
  readonly #operators = new Map<string, PlannedOperator>()
  /** What the output of an operator is keyed by. */
  readonly #keys = new Map<string, KeySelector>()
  readonly #sinks = new Map<string, RecordSinkSpec<unknown>>()
  readonly #deadLetters = new Map<string, DeadLetterSinkSpec>()
  #isFinished = false

  constructor(pipeline: string) {
    this.#pipeline = pipeline
  }

  source<T>(id: string, spec: SourceSpec<T>, options: FromOptions): Stream<T> {
    checkName('source', id)
    if (spec?.role !== 'source') throw this.#invalid(`from("${id}", …) needs a source such as log({ … })`)
    refuseUnknownKeys(`from("${id}", …)`, options, ['deadLetters'])
    const deadLetters = options.deadLetters ?? spec.deadLetters
    if (deadLetters?.takes !== 'dead-letters')
      throw this.#invalid(`deadLetters of source "${id}" is no sink for dead letters`)
    const deadLettersId = `${id}-dead-letters`
    this.#add(sourceNode(id, spec, deadLettersId))
    this.#sources.set(id, spec)
    const { connector, options: sinkOptions, epochMs } = deadLetters
    const sink = { kind: 'sink', takes: 'dead-letters', id: deadLettersId, connector, upstream: id } as const
    this.#add({ ...sink, options: sinkOptions, epochMs })
    this.#deadLetters.set(deadLettersId, deadLetters)
    return new Stream<T>(this, id, spec.contract.schema)
  }

  operator(upstream: string, input: Schema, spec: OperatorSpec): { readonly id: string; readonly schema: Schema } {
    if (spec.id !== undefined) checkName('operator', spec.id)
    const id = spec.id ?? this.#deriveId(upstream, spec)
    const key = spec.exchange ?? this.#keyOf(upstream)
    const bound = spec.bind(input, key)
    this.#add({
      kind: 'operator',
      id,
      name: spec.name,
      upstream,
      schema: bound.output,
      options: spec.options,
      stateful: spec.stateful,
      stateOptions: spec.stateOptions ?? [],
      exchange: spec.exchange !== undefined,
      keyedBy: spec.exchange === undefined ? this.#keyDescribed(upstream) : describeKey(spec.exchange, input),
    })
    this.#operators.set(id, { spec, bound, input, keys: spec.exchange })
    if (key !== undefined && spec.replacesFields !== true) this.#keys.set(id, key)
    return { id, schema: bound.output }
  }

  sink(
    upstream: string,
    id: string,
    declared: { readonly sink: RecordSinkSpec<unknown>; readonly schema: Schema },
  ): void {
    checkName('sink', id)
    const { sink, schema } = declared
    if (sink?.role !== 'sink' || sink.takes !== 'records')
      throw this.#invalid(`to("${id}", …) needs a sink for records`)
    sink.check(schema)
    const { connector, options, epochMs } = sink
    this.#add({ kind: 'sink', takes: 'records', id, connector, upstream, schema, options, epochMs })
    this.#sinks.set(id, sink)
  }

  finish(): { readonly nodes: readonly PlanNode[]; readonly specs: PlanSpecs } {
    this.#isFinished = true
    const nodes = [...this.#nodes.values()]
    if (this.#sources.size === 0) throw this.#invalid('it has no source; begin a stream with from(…)')
    if (this.#sinks.size === 0) throw this.#invalid('it has no sink; end a stream with .to(…)')
    const fed = new Set(nodes.flatMap((node) => (node.kind === 'source' || isDeadLetters(node) ? [] : [node.upstream])))
    for (const node of nodes) {
      if (node.kind !== 'sink' && !fed.has(node.id)) {
        throw this.#invalid(`the records of ${node.kind} "${node.id}" go nowhere; end its stream with .to(…)`)
      }
    }
    const specs = {
      sources: this.#sources,
      operators: this.#operators,
      sinks: this.#sinks,
      deadLetters: this.#deadLetters,
    }
    return { nodes, specs }
  }

  #add(node: PlanNode): void {
    if (this.#isFinished) throw this.#invalid(`"${node.id}" was declared after the pipeline's function had returned`)
    const present = this.#nodes.get(node.id)
    if (present !== undefined) throw this.#duplicate(node, present)
    this.#nodes.set(node.id, node)
  }

  #duplicate(node: PlanNode, present: PlanNode): MillraceError {
    const message = `pipeline "${this.#pipeline}": ${node.kind} "${node.id}" has the id of another ${present.kind}; give one of them another id`
    return new MillraceError('MR_PLAN_DUPLICATE_ID', message, { details: { id: node.id } })
  }

  /**
   * `<source>-<name>-<ordinal among those of that name on the path>`. State belongs to the id, so stateful operators of
   * two branches must be told apart by the user; for others a further number does.
   */
  #deriveId(upstream: string, spec: OperatorSpec): string {
    const { source, ordinal } = this.#placeOf(upstream, spec.name)
    const id = `${source}-${spec.name}-${ordinal}`
    if (spec.stateful) return id
    let candidate = id
    for (let number = 2; this.#nodes.has(candidate); number++) candidate = `${id}-${number}`
    return candidate
  }

  #placeOf(upstream: string, name: string): { readonly source: string; readonly ordinal: number } {
    let ordinal = 1
    let node = this.#nodes.get(upstream)
    while (node?.kind === 'operator') {
      if (node.name === name) ordinal++
      node = this.#nodes.get(node.upstream)
    }
    return { source: node?.id ?? upstream, ordinal }
  }

  #keyOf(upstream: string): KeySelector | undefined {
    return this.#keys.get(upstream)
  }

  #keyDescribed(upstream: string): KeyDescription | null {
    const node = this.#nodes.get(upstream)
    return node?.kind === 'operator' ? node.keyedBy : null
  }

  #invalid(message: string): MillraceError {
    return new MillraceError('MR_PIPELINE_INVALID', `pipeline "${this.#pipeline}": ${message}`)
  }
}

function sourceNode<T>(id: string, spec: SourceSpec<T>, deadLetters: string): SourceNode {
  const { connector, contract, outOfOrdernessMs, options } = spec
  return {
    kind: 'source',
    id,
    connector,
    contract: contract.name,
    eventTime: contract.eventTime ?? null,
    unknownFields: contract.unknownFields,
    outOfOrdernessMs,
    schema: contract.schema,
    options,
    deadLetters,
  }
}

function isDeadLetters(node: PlanNode): boolean {
  return node.kind === 'sink' && node.takes === 'dead-letters'
}

function describeKey(selector: KeySelector, input: Schema): KeyDescription {
  if (selector.kind === 'function') return { kind: 'function', source: String(selector.keyOf) }
  const fields = selector.names.map((name) => {
    const found = input.fields.find((field) => field.name === name)
    return { name, type: found === undefined ? 'unknown' : typeText(found.type) }
  })
  return { kind: 'fields', fields }
}
