import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isPipeline, type Pipeline } from '../core/dataflow/pipeline.ts'
import { MillraceError } from '../core/model/errors.ts'

/** The URL of a pipeline module, from a path (relative ones start at the current directory) or a URL. */
export function moduleUrl(module: string | URL): string {
  if (module instanceof URL) return module.href
  return module.startsWith('file:') ? module : pathToFileURL(resolve(module)).href
}

/**
 * Imports a pipeline module. Throws `MR_PIPELINE_LOAD` where it does not exist or throws, `MR_PIPELINE_INVALID` where its
 * default export was not made by `pipeline()`.
 */
export async function loadPipeline(module: string | URL): Promise<Pipeline> {
  const url = moduleUrl(module)
  const path = fileURLToPath(url)
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new MillraceError('MR_PIPELINE_LOAD', `there is no pipeline module ${path}`, { details: { path } })
  }
  const exported = await importDefault(url, path)
  if (isPipeline(exported)) return exported
  throw new MillraceError(
    'MR_PIPELINE_INVALID',
    `${path} has no default export made by pipeline(); write \`export default pipeline('name', …)\``,
    { details: { path } },
  )
}

async function importDefault(url: string, path: string): Promise<unknown> {
  try {
    const namespace: unknown = await import(url)
    return typeof namespace === 'object' && namespace !== null && 'default' in namespace ? namespace.default : undefined
  } catch (error) {
    const reason = error instanceof MillraceError ? `${error.code}: ${error.message}` : String(error)
    throw new MillraceError('MR_PIPELINE_LOAD', `${path} threw while it was imported: ${reason}`, {
      details: { path },
      cause: error,
    })
  }
}
