import type { GroupOffset } from '../client/kafka-client.ts'

/** What the metadata of advised offsets begins with; the pipeline follows. */
const OWNER = 'millrace:'

/** Says whose offsets they are: two pipelines that share a group by mistake find out. */
export function metadataOf(pipeline: string): string {
  return `${OWNER}${pipeline}`
}

/** Another pipeline that keeps its advice in the group, if there is one. */
export function otherOwner(offsets: readonly GroupOffset[], pipeline: string): string | undefined {
  const other = offsets.find(({ metadata }) => metadata.startsWith(OWNER) && metadata !== metadataOf(pipeline))
  return other?.metadata.slice(OWNER.length)
}
