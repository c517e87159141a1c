import type { PlanDescription, PlanNode } from './logical-plan.ts'
import { keyText } from './plan-text.ts'

/** A plan as a Mermaid flowchart: thick arrows are exchanges, dotted ones carry dead letters. */
export function mermaid(plan: PlanDescription): string {
  const names = new Map(plan.nodes.map((node, index) => [node.id, `n${index}`]))
  const boxes = plan.nodes.map((node) => `  ${names.get(node.id)}${box(node)}`)
  const arrows = plan.nodes.flatMap((node) =>
    node.kind === 'source' ? [] : [`  ${names.get(node.upstream)} ${arrow(node)} ${names.get(node.id)}`],
  )
  return `${['flowchart LR', ...boxes, ...arrows].join('\n')}\n`
}

function box(node: PlanNode): string {
  if (node.kind === 'source') return `[("${label(node.id, node.connector)}")]`
  if (node.kind === 'sink') return `[["${label(node.id, node.connector)}"]]`
  return node.stateful ? `[/"${label(node.id, node.name)}"/]` : `["${label(node.id, node.name)}"]`
}

function arrow(node: PlanNode): string {
  if (node.kind === 'operator' && node.exchange) return `== "${escaped(keyText(node.keyedBy))}" ==>`
  return node.kind === 'sink' && node.takes === 'dead-letters' ? '-.->' : '-->'
}

function label(id: string, what: string): string {
  return `${escaped(id)}<br/>${escaped(what)}`
}

/** Mermaid reads entity codes in labels. */
function escaped(text: string): string {
  return text.replace(/[#"<>&]/g, (character) => `#${character.codePointAt(0)};`)
}
