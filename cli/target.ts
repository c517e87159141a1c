import type { Pipeline } from '../core/dataflow/pipeline.ts'
import { MillraceError } from '../core/model/errors.ts'
import { type JobPlace, jobPlace, placeAt } from '../platform/job-place.ts'
import { loadPipeline } from '../platform/load-pipeline.ts'

/** The job that a command is about. */
export interface Target {
  readonly name: string
  readonly place: JobPlace
  /** Only where a module was given. */
  readonly pipeline: Pipeline | undefined
}

/** Finds a job by the module of its pipeline, or by its name under `.millrace`. `state` overrides the place. */
export async function findTarget(fileOrName: string, state: string | undefined): Promise<Target> {
  if (/^[a-z0-9][a-z0-9_-]*$/.test(fileOrName)) {
    return { name: fileOrName, place: placeAt(state ?? `.millrace/${fileOrName}`), pipeline: undefined }
  }
  const pipeline = await loadPipeline(fileOrName)
  return { name: pipeline.name, place: jobPlace(pipeline, state), pipeline }
}

/** The error of a command that needs a job which has run. */
export function neverRan({ name, place }: Target): MillraceError {
  const message = `no job "${name}" has run with the state directory ${place.directory}`
  return new MillraceError('MR_FILE_MISSING', message, { details: { path: place.status } })
}
