import { resolve } from 'node:path'
import type { Pipeline } from '../core/dataflow/pipeline.ts'

/** Where a job keeps what must outlive it; absolute paths. */
export interface JobPlace {
  readonly directory: string
  /** LevelDB: one owner at a time. */
  readonly state: string
  /** LevelDB for state that has no room in memory; deleted at every start. */
  readonly spill: string
  readonly outbox: string
  readonly status: string
}

/** The place of a pipeline: the override, else what the pipeline says, else `.millrace/<pipeline>`. */
export function jobPlace(pipeline: Pipeline, override?: string): JobPlace {
  return placeAt(override ?? pipeline.settings.stateDirectory ?? `.millrace/${pipeline.name}`)
}

/** The place in `directory`; a relative path starts at the current directory. */
export function placeAt(directory: string): JobPlace {
  const root = resolve(directory)
  return {
    directory: root,
    state: `${root}/state`,
    spill: `${root}/spill`,
    outbox: `${root}/outbox`,
    status: `${root}/status.json`,
  }
}

/** Where a pipeline's shared checkpoints are in a directory that several pipelines may use. */
export function sharedPlace(directory: string, pipeline: string): string {
  return resolve(directory, pipeline)
}
