import { MillraceError } from '../model/errors.ts'
import { typeText } from '../model/field-type.ts'
import type { KeyDescription, PlanDescription, PlanNode } from './logical-plan.ts'
import { canonicalText } from './plan-digest.ts'
import { type StoredNode, type StoredPlan, storedPlan } from './stored-plan.ts'

/**
 * What becomes of what is stored for a node. `kept`: it fits. `changed`: it fits, although the options or the contract
 * changed. `new`: nothing is stored. `dropped`: no longer needed. `incompatible`: it would be lost or misread.
 */
export interface NodeChange {
  readonly id: string
  readonly kind: 'source' | 'operator' | 'sink'
  readonly change: 'kept' | 'changed' | 'new' | 'dropped' | 'incompatible'
  /** Why, in words; empty where there is nothing to say. */
  readonly reason: string
  /** The error of an incompatible change. */
  readonly code: 'MR_PLAN_INCOMPATIBLE' | 'MR_CONTRACT_CHANGED' | null
}

/**
 * Compares the plan of a checkpoint with the current one: a line per source, stateful operator and sink, in plan order,
 * then what is gone. Operators without state come and go freely.
 */
export function planDifference(stored: StoredPlan, current: PlanDescription): readonly NodeChange[] {
  const before = new Map(stored.nodes.filter(keepsSomething).map((node) => [node.id, node]))
  const changes = current.nodes.filter(keepsSomething).map((node) => changeOf(before.get(node.id), node))
  const present = new Set(current.nodes.filter(keepsSomething).map((node) => node.id))
  const gone = [...before.values()].filter((node) => !present.has(node.id)).map(changeOfGone)
  return [...changes, ...gone]
}

/**
 * Throws where going on with `current` from a checkpoint of `stored` (the plan in it, as plain data) would lose or
 * misread state: `MR_PLAN_INCOMPATIBLE`, `MR_CONTRACT_CHANGED`, `MR_STATE_FORMAT`. The error's details list all reasons.
 */
export function assertCompatible(stored: unknown, current: PlanDescription): void {
  const refused = planDifference(storedPlan(stored), current).filter(({ change }) => change === 'incompatible')
  const [first] = refused
  if (first === undefined) return
  const more = refused.length === 1 ? '' : ` (and ${refused.length - 1} more)`
  const help = 'undo the change, or start with another state directory; `millrace plan` shows all'
  throw new MillraceError(
    first.code ?? 'MR_PLAN_INCOMPATIBLE',
    `${first.kind} "${first.id}": ${first.reason}${more}; ${help}`,
    {
      details: { changes: refused.map(({ id, reason }) => ({ id, reason })) },
    },
  )
}

function keepsSomething(node: StoredNode | PlanNode): boolean {
  return node.kind !== 'operator' || node.stateful
}

type Verdict = Pick<NodeChange, 'change' | 'reason' | 'code'>

const KEPT: Verdict = { change: 'kept', reason: '', code: null }

const incompatible = (reason: string): Verdict => ({ change: 'incompatible', reason, code: 'MR_PLAN_INCOMPATIBLE' })

function changeOf(stored: StoredNode | undefined, current: PlanNode): NodeChange {
  return { id: current.id, kind: current.kind, ...verdictOn(stored, current) }
}

function verdictOn(stored: StoredNode | undefined, current: PlanNode): Verdict {
  if (stored === undefined) return { change: 'new', reason: '', code: null }
  if (stored.kind === 'operator' && current.kind === 'operator') return operatorVerdict(stored, current)
  if (stored.kind === 'source' && current.kind === 'source') return sourceVerdict(stored, current)
  if (stored.kind === 'sink' && current.kind === 'sink') return connectorVerdict(stored, current)
  return incompatible(`the checkpoint knows this id as that of its ${stored.kind}; give it another id`)
}

function changeOfGone(stored: StoredNode): NodeChange {
  const { id, kind } = stored
  if (kind === 'sink') return { id, kind, change: 'dropped', reason: 'the pipeline no longer writes it', code: null }
  const lost = kind === 'source' ? 'its positions would be lost' : 'its state would be lost'
  return { id, kind, ...incompatible(`it is gone from the pipeline and ${lost}`) }
}

function operatorVerdict(stored: StoredNode & { kind: 'operator' }, current: PlanNode & { kind: 'operator' }): Verdict {
  if (stored.name !== current.name)
    return incompatible(`it was ${stored.name} and is ${current.name}; give it another id`)
  const keys = keyVerdict(stored.keyedBy, current.keyedBy)
  if (keys !== undefined) return keys
  for (const name of current.stateOptions) {
    const [before, now] = [optionText(stored.options, name), optionText(current.options, name)]
    if (before !== now) return incompatible(`its ${name} changed from ${before} to ${now}; give it another id`)
  }
  return sameData(stored.options, current.options) ? KEPT : { change: 'changed', reason: 'other options', code: null }
}

function optionText(options: unknown, name: string): string {
  const value = typeof options === 'object' && options !== null ? Reflect.get(options, name) : undefined
  return value === undefined ? 'none' : canonicalText(value)
}

function keyVerdict(stored: KeyDescription | null, current: KeyDescription | null): Verdict | undefined {
  if (sameData(stored, current)) return undefined
  if (stored?.kind === 'fields' && current?.kind === 'fields' && keyNames(stored) === keyNames(current)) {
    const reason = `the types of its key changed from ${keyText(stored)} to ${keyText(current)}`
    return { change: 'incompatible', reason, code: 'MR_CONTRACT_CHANGED' }
  }
  if (
    stored?.kind === 'function' &&
    current?.kind === 'function' &&
    bareSource(stored.source) === bareSource(current.source)
  ) {
    return undefined
  }
  return incompatible(`its key changed from ${keyText(stored)} to ${keyText(current)}`)
}

function sourceVerdict(stored: StoredNode & { kind: 'source' }, current: PlanNode & { kind: 'source' }): Verdict {
  const verdict = connectorVerdict(stored, current)
  if (verdict.change === 'incompatible' || sameData(stored.schema, current.schema)) return verdict
  const before = new Map(stored.schema.fields.map((field) => [field.name, canonicalText(field)]))
  const added = current.schema.fields.filter(({ name }) => !before.has(name)).map(({ name }) => `+${name}`)
  const changed = current.schema.fields
    .filter((field) => before.has(field.name) && before.get(field.name) !== canonicalText(field))
    .map((field) => `${field.name} is now ${field.optional ? 'optional ' : ''}${typeText(field.type)}`)
  const present = new Set(current.schema.fields.map(({ name }) => name))
  const removed = stored.schema.fields.filter(({ name }) => !present.has(name)).map(({ name }) => `-${name}`)
  const fields = [...added, ...removed, ...changed].join(', ')
  return {
    change: 'changed',
    reason: fields === '' ? 'contract: other order of fields' : `contract: ${fields}`,
    code: null,
  }
}

function connectorVerdict(
  stored: { readonly connector: string; readonly options?: unknown },
  current: { readonly connector: string; readonly options: unknown },
): Verdict {
  if (stored.connector !== current.connector) {
    return incompatible(`it was ${stored.connector} and is ${current.connector}; give it another id`)
  }
  return sameData(stored.options, current.options) ? KEPT : { change: 'changed', reason: 'other options', code: null }
}

function sameData(a: unknown, b: unknown): boolean {
  return canonicalText(a ?? null) === canonicalText(b ?? null)
}

function keyNames(key: KeyDescription & { kind: 'fields' }): string {
  return JSON.stringify(key.fields.map(({ name }) => name))
}

function keyText(key: KeyDescription | null): string {
  if (key === null) return 'none'
  return key.kind === 'function' ? key.source : `(${key.fields.map(({ name, type }) => `${name} ${type}`).join(', ')})`
}

/** Source text without white space and semicolons outside quotes: a compiler may lay a function out anew. */
function bareSource(source: string): string {
  return source.replace(/(["'`])(?:\\.|(?!\1).)*\1|\s+|;/gs, (match, quote) => (quote === undefined ? '' : match))
}
