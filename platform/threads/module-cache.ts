import { constants, enableCompileCache, flushCompileCache } from 'node:module'
import { dirname } from 'node:path'

/** When a job is warm: what it compiled until then is worth keeping, and it may be killed at any time after. */
const KEEP_AFTER_MS = 5_000

/**
 * Keeps compiled modules on disk, so that the next start need not compile them: with types stripped and three isolates,
 * that is most of the CPU time of a start. Where it cannot (no directory to write, or `NODE_DISABLE_COMPILE_CACHE`),
 * modules are compiled as ever. Returns the environment in which a thread does the same: the setting reaches none.
 */
export function cacheCompiledModules(): Readonly<Record<string, string>> {
  const { status, directory } = enableCompileCache()
  const { ENABLED, ALREADY_ENABLED } = constants.compileCacheStatus
  if (directory === undefined || (status !== ENABLED && status !== ALREADY_ENABLED)) return {}
  // Where it was enabled before, Node names the part of the directory that is for its own version.
  return { NODE_COMPILE_CACHE: status === ENABLED ? directory : dirname(directory) }
}

/** Writes what this thread compiled once it is warm; a process that is killed would not. Keeps no thread alive. */
export function keepCompiledModules(): void {
  setTimeout(flushCompileCache, KEEP_AFTER_MS).unref()
}
