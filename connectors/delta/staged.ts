import { z } from 'zod'
import { MillraceError } from '../../core/model/errors.ts'
import type { Intent, Staged } from '../../core/ports/sink.ts'

const stagedFile = z.object({
  /** As in the log: relative to the table, a URI. */
  path: z.string(),
  partitionValues: z.record(z.string(), z.string().nullable()),
  size: z.number(),
  modificationTime: z.number(),
  stats: z.string(),
})
const stagedContent = z.object({ generation: z.number(), files: z.array(stagedFile) })
const intentContent = z.object({
  appId: z.string(),
  /** Identity of the table that it is meant for. */
  table: z.string(),
  /** Identity of the commit, the same in every redo. */
  txnId: z.string(),
  now: z.number(),
  ranges: z.array(z.object({ split: z.string(), from: z.number(), to: z.number() })),
  files: z.array(stagedFile),
})

/** One file of the table, written and fsynced, in no version yet. */
export type StagedFile = Readonly<z.infer<typeof stagedFile>>

/** What one task staged for an epoch. */
export type StagedContent = Readonly<z.infer<typeof stagedContent>>

/** What an epoch adds to the table: all that a redo needs beside the files themselves. */
export type IntentContent = Readonly<z.infer<typeof intentContent>>

/** Checks what a task handed over. */
export function stagedContentOf(staged: Staged): StagedContent {
  return parse(stagedContent, staged.content, 'what a task staged for a Delta sink')
}

/** Checks what comes back from the checkpoint. */
export function intentContentOf(intent: Intent): IntentContent {
  return parse(intentContent, intent.content, `the intent of epoch ${intent.to} of a Delta sink`)
}

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw new MillraceError('MR_STATE_CORRUPT', `${what} has another form than expected`, { cause: parsed.error })
  return parsed.data
}
