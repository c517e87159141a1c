import type { Clock } from './clock.ts'
import type { Sha256 } from './digest.ts'
import type { FileStore } from './file-store.ts'
import type { Logger } from './logger.ts'
import type { Random } from './random.ts'

/** The real world as a connector sees it. */
export interface ConnectorPorts {
  readonly files: FileStore
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly sha256: Sha256
  /** Name of the pipeline, for identities in other systems. */
  readonly pipeline: string
}
