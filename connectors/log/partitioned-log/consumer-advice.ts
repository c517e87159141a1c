import { type Position, placeOfSplit } from '../../../core/model/position.ts'
import { type FileStore, makeDurableDirectory, replaceAtomically } from '../../../core/ports/file-store.ts'
import { topicDirectory } from './layout.ts'

/** How far the checkpoints of a pipeline are in a topic. For people and lag tools; nobody recovers from it. */
export interface ConsumerAdvice {
  readonly pipeline: string
  readonly topicId: string
  /** Next offset to read, by partition. */
  readonly offsets: Readonly<Record<string, number>>
  /** When it was written, epoch ms. */
  readonly at: number
}

interface Place {
  readonly directory: string
  readonly topic: string
}

/** Stores the advice of one pipeline. */
export async function writeAdvice(files: FileStore, place: Place, advice: ConsumerAdvice): Promise<void> {
  const directory = groupsDirectory(place)
  await makeDurableDirectory(files, directory)
  const path = `${directory}/${encodeURIComponent(advice.pipeline)}.json`
  const bytes = new TextEncoder().encode(JSON.stringify(advice))
  await replaceAtomically(files, path, { bytes })
}

/** Advice of all pipelines that read the topic; files that cannot be read as such are left out: it is advice only. */
export async function readAdvice(files: FileStore, place: Place): Promise<readonly ConsumerAdvice[]> {
  const directory = groupsDirectory(place)
  const all: ConsumerAdvice[] = []
  for (const name of await files.list(directory)) {
    if (!name.endsWith('.json')) continue
    const advice = parse(new TextDecoder().decode(await files.read(`${directory}/${name}`)))
    if (advice !== undefined) all.push(advice)
  }
  return all
}

/** The offsets by partition out of positions by split id. */
export function adviceOf(pipeline: string, positions: ReadonlyMap<string, Position>, now: number): ConsumerAdvice {
  const offsets: Record<string, number> = {}
  let topicId = ''
  for (const [split, position] of positions) {
    offsets[placeOfSplit(split).partition] = position.offset
    topicId = position.incarnation
  }
  return { pipeline, topicId, offsets, at: now }
}

function groupsDirectory(place: Place): string {
  return `${topicDirectory(place.directory, place.topic)}/groups`
}

function parse(text: string): ConsumerAdvice | undefined {
  try {
    // Whatever JSON.parse gives, its fields are checked before use.
    const raw = JSON.parse(text) as Partial<ConsumerAdvice> | null
    const { pipeline, topicId, offsets, at } = raw ?? {}
    if (typeof pipeline !== 'string' || typeof topicId !== 'string' || typeof at !== 'number') return undefined
    if (typeof offsets !== 'object' || offsets === null) return undefined
    return { pipeline, topicId, offsets, at }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
