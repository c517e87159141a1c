import { type Schema, sameSchema, typeText } from '../model/field-type.ts'
import { downstreamOf, type KeyDescription, type LogicalPlan, type PlanNode, type SourceNode } from './logical-plan.ts'
import { physicalPlan, type StageStep } from './physical-plan.ts'
import { planDigest } from './plan-digest.ts'

/** One line of the tree, in cells that are aligned below each other. */
type Line = readonly [tree: string, what: string, stage: string, notes: string]

/**
 * A plan for people: a tree per source with ids, operators, stages, exchanges and the fields that each step gives.
 * The last line of a tree is where the refused records of its source go.
 */
export function planText(plan: LogicalPlan): string {
  const version = plan.version === null ? '' : `, version ${plan.version}`
  const title = `pipeline ${plan.pipeline}${version}, ${plan.keyGroups} key groups, digest ${planDigest(plan)}`
  const stages = stagesOf(plan)
  const sources = plan.nodes.filter((node) => node.kind === 'source')
  const lines = sources.flatMap((source) => [sourceLine(source, stages), ...linesBelow({ plan, stages }, source, '')])
  return `${[title, '', ...aligned(lines)].join('\n')}\n`
}

/** What a stream is keyed by, for people. */
export function keyText(key: KeyDescription | null): string {
  if (key === null) return ''
  return key.kind === 'function' ? oneLine(key.source) : key.fields.map(({ name }) => name).join(', ')
}

interface PlanTree {
  readonly plan: LogicalPlan
  readonly stages: ReadonlyMap<string, number>
}

function linesBelow(tree: PlanTree, parent: PlanNode, indent: string): readonly Line[] {
  const below = downstreamOf(tree.plan, parent.id)
  // Dead letters last: the plan lists them right behind their source.
  const ordered = [...below.filter((node) => !isDeadLetters(node)), ...below.filter(isDeadLetters)]
  return ordered.flatMap((node, index) => {
    const isLast = index === ordered.length - 1
    const line: Line = [
      `${indent}${isLast ? '└─' : '├─'} ${node.id}`,
      whatIs(node),
      stageText(tree.stages.get(node.id)),
      notesOf(node, parent),
    ]
    return [line, ...linesBelow(tree, node, `${indent}${isLast ? '   ' : '│  '}`)]
  })
}

function sourceLine(source: SourceNode, stages: ReadonlyMap<string, number>): Line {
  return [
    source.id,
    whatIs(source),
    stageText(stages.get(source.id)),
    `${source.contract}: ${fieldsText(source.schema)}`,
  ]
}

function whatIs(node: PlanNode): string {
  if (node.kind === 'operator') return node.stateful ? `${node.name} (stateful)` : node.name
  if (node.kind === 'source') return `from ${node.connector}`
  return node.takes === 'dead-letters' ? `dead letters to ${node.connector}` : `to ${node.connector}`
}

function notesOf(node: PlanNode, parent: PlanNode): string {
  if (node.kind !== 'operator') return ''
  const exchange = node.exchange ? [`exchange by ${keyText(node.keyedBy)}`] : []
  const input = 'schema' in parent ? parent.schema : { fields: [] }
  return [...exchange, ...changedFields(input, node.schema)].join('; ')
}

function changedFields(input: Schema, output: Schema): readonly string[] {
  if (sameSchema(input, output)) return []
  const kept: Schema = { fields: output.fields.slice(0, input.fields.length) }
  if (!sameSchema(input, kept)) return [`gives ${fieldsText(output)}`]
  return [`adds ${fieldsText({ fields: output.fields.slice(input.fields.length) })}`]
}

function fieldsText(schema: Schema): string {
  return schema.fields.map(({ name, type, optional }) => `${name} ${typeText(type)}${optional ? '?' : ''}`).join(', ')
}

function stageText(stage: number | undefined): string {
  return stage === undefined ? '' : `stage ${stage}`
}

function isDeadLetters(node: PlanNode): boolean {
  return node.kind === 'sink' && node.takes === 'dead-letters'
}

/** The stage in which each node runs. */
function stagesOf(plan: LogicalPlan): ReadonlyMap<string, number> {
  const stages = new Map<string, number>()
  for (const { index, input, steps } of physicalPlan(plan).stages) {
    if (input.kind === 'source') stages.set(input.source, index)
    const visit = (step: StageStep): void => {
      if (step.kind === 'exchange') return
      stages.set(step.id, index)
      if (step.kind === 'operator') step.next.forEach(visit)
    }
    steps.forEach(visit)
  }
  return stages
}

function aligned(lines: readonly Line[]): readonly string[] {
  const widths = [0, 1, 2].map((cell) => Math.max(...lines.map((line) => line[cell]!.length)))
  return lines.map((line) =>
    line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
