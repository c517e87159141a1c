import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OffsetRange } from '../../core/model/position.ts'
import type { TableFiles } from '../simulation/table-reader.ts'

export const TOPIC = 'events'
export const SINK = 'curated'

/** Where one round lives: the working directory of its jobs, as the paths of the pipelines lie in it. */
export class RoundPlace {
  readonly directory: string
  readonly #pipeline: string

  constructor(directory: string, pipeline: string) {
    this.directory = directory
    this.#pipeline = pipeline
  }

  get log(): string {
    return join(this.directory, '.millrace', 'log')
  }

  get state(): string {
    return join(this.directory, '.millrace', this.#pipeline)
  }

  get checkpoints(): string {
    return join(this.directory, 'checkpoints')
  }

  get table(): string {
    return join(this.directory, 'warehouse', 'curated')
  }

  /** The table of windows. */
  get windows(): string {
    return join(this.directory, 'warehouse', 'windows')
  }

  get tables(): readonly string[] {
    return [this.table, this.windows]
  }

  /** Where the sink has come to by the newest commit of the table; empty before the first one. */
  committed(): ReadonlyMap<string, number> {
    const files = new RealTableFiles()
    const names = files.list(join(this.table, '_delta_log')).filter((name) => name.endsWith('.json'))
    for (const name of names.sort().reverse()) {
      const [line = ''] = new TextDecoder().decode(files.read(join(this.table, '_delta_log', name))).split('\n', 1)
      // Our commits begin with their commitInfo.
      const action = JSON.parse(line) as {
        readonly commitInfo?: { readonly millrace?: { readonly ranges: readonly OffsetRange[] } }
      }
      const ranges = action.commitInfo?.millrace?.ranges
      if (ranges !== undefined) return new Map(ranges.map(({ split, to }) => [split, to]))
    }
    return new Map()
  }
}

/**
 * The real disk as a foreign reader finds it while others write. The hint at the last checkpoint is read before the log is
 * listed: a hint that came later may rightly name what the list lacks.
 */
export class RealTableFiles implements TableFiles {
  readonly #hints = new Map<string, Uint8Array | undefined>()

  list(directory: string): readonly string[] {
    const hint = `${directory}/_last_checkpoint`
    this.#hints.set(hint, readIfThere(hint))
    try {
      return readdirSync(directory)
    } catch (error) {
      return missing(error, [])
    }
  }

  read(path: string): Uint8Array | undefined {
    return this.#hints.has(path) ? this.#hints.get(path) : readIfThere(path)
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    // A copy: a Buffer may be a view of a larger one, which its slices would show.
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    return missing(error, undefined)
  }
}

function missing<T>(error: unknown, instead: T): T {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return instead
  throw error
}
