import type { MetaData, Protocol } from '../log/actions.ts'

/** What an append was checked against, and the table as it is now. */
export interface AppendView {
  readonly from: number
  readonly to: number
  /** Version of our transaction in the table, −1 for none. */
  readonly found: number
  readonly checked: { readonly protocol: Protocol; readonly metaData: MetaData }
  readonly current: { readonly protocol: Protocol; readonly metaData: MetaData }
}

/**
 * `append`: nothing stands against it, whatever files came and went; `done`: it is in the table already;
 * `ahead`, `behind`: the table has an epoch that we do not know, or lacks one that we committed; `replaced`: it is
 * another table; `changed`: schema, partitioning, protocol or a property that matters was changed under us.
 */
export type AppendDecision = 'append' | 'done' | 'ahead' | 'behind' | 'replaced' | 'changed'

/** Properties that never matter to an append. */
const HARMLESS = [
  'delta.checkpointInterval',
  'delta.logRetentionDuration',
  'delta.deletedFileRetentionDuration',
  'delta.enableExpiredLogCleanup',
  'delta.targetFileSize',
  'delta.tuneFileSizesForRewrites',
  'delta.isolationLevel',
  'delta.appendOnly',
]

/**
 * Whether an append may go into the next version. It reads nothing of the table, so foreign appends, rewrites and
 * compactions never stand against it; our own transaction is compared for equality, never by order.
 */
export function decideAppend({ from, to, found, checked, current }: AppendView): AppendDecision {
  if (checked.metaData.id !== current.metaData.id) return 'replaced'
  if (found === to) return 'done'
  if (found !== from) return found > from ? 'ahead' : 'behind'
  return isSameShape(checked, current) ? 'append' : 'changed'
}

function isSameShape(a: AppendView['checked'], b: AppendView['current']): boolean {
  return (
    a.metaData.schemaString === b.metaData.schemaString &&
    a.metaData.partitionColumns.join('\n') === b.metaData.partitionColumns.join('\n') &&
    protocolText(a.protocol) === protocolText(b.protocol) &&
    propertiesThatMatter(a.metaData) === propertiesThatMatter(b.metaData)
  )
}

function protocolText({
  minReaderVersion,
  minWriterVersion,
  readerFeatures = [],
  writerFeatures = [],
}: Protocol): string {
  return JSON.stringify([minReaderVersion, minWriterVersion, readerFeatures.toSorted(), writerFeatures.toSorted()])
}

function propertiesThatMatter({ configuration = {} }: MetaData): string {
  return JSON.stringify(
    Object.entries(configuration)
      .filter(([key]) => key.startsWith('delta.') && !HARMLESS.includes(key))
      .toSorted(),
  )
}
