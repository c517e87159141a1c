import { hashBytes } from '../model/key-hash.ts'
import { describePlan, type LogicalPlan } from './logical-plan.ts'

/**
 * Names a plan by its content, the source text of its functions included: 32 hex digits, equal on every thread that
 * built the plan from the same module.
 */
export function planDigest(plan: LogicalPlan): string {
  const bytes = new TextEncoder().encode(canonicalText(describePlan(plan)))
  const words = new Int32Array(4)
  hashBytes(bytes, { out: words, at: 0, seed: 0 })
  return Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** JSON with the keys of every object in order: equal plain data gives equal text. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalText(member)}`)
  return `{${members.join(',')}}`
}
