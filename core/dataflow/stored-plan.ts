import { z } from 'zod'
import { MillraceError } from '../model/errors.ts'

const schemaShape = z.object({
  fields: z.array(z.object({ name: z.string(), type: z.object({ kind: z.string() }).loose(), optional: z.boolean() })),
})

const keyShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('fields'), fields: z.array(z.object({ name: z.string(), type: z.string() })) }),
  z.object({ kind: z.literal('function'), source: z.string() }),
])

const nodeShape = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('source'),
    id: z.string(),
    connector: z.string(),
    schema: schemaShape,
    options: z.unknown(),
  }),
  z.object({
    kind: z.literal('operator'),
    id: z.string(),
    name: z.string(),
    stateful: z.boolean(),
    keyedBy: keyShape.nullable(),
    options: z.unknown(),
  }),
  z.object({ kind: z.literal('sink'), id: z.string(), connector: z.string(), options: z.unknown() }),
])

const planShape = z.object({ pipeline: z.string(), keyGroups: z.number(), nodes: z.array(nodeShape) })

/** A node of a stored plan: what a comparison needs of it. */
export type StoredNode = z.infer<typeof nodeShape>

/** The part of a plan description in a checkpoint that decides whether its state fits another plan. */
export type StoredPlan = z.infer<typeof planShape>

/** Reads the plan of a checkpoint. Throws `MR_STATE_FORMAT` where it is not one that this version knows. */
export function storedPlan(value: unknown): StoredPlan {
  const parsed = planShape.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined ? '' : ` (${issue.path.join('.')}: ${issue.message})`
  throw new MillraceError('MR_STATE_FORMAT', `the checkpoint holds a plan that this version cannot read${where}`)
}
