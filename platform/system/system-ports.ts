import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { openFileStore } from './file-store.ts'
import { sha256 } from './sha256.ts'
import { systemClock } from './system-clock.ts'
import { systemRandom } from './system-random.ts'

/**
 * This machine as a connector sees it, for use outside a job.
 *
 * @example
 * const log = new PartitionedLog(systemPorts(), '.millrace/log')
 */
export function systemPorts(options: { readonly pipeline?: string; readonly logger?: Logger } = {}): ConnectorPorts {
  return {
    files: openFileStore(),
    clock: systemClock(),
    random: systemRandom(),
    logger: options.logger ?? stderrLogger(),
    sha256,
    pipeline: options.pipeline ?? 'none',
  }
}

/** Writes warnings and errors to stderr, one line each; what only informs is left out. */
export function stderrLogger(): Logger {
  const write = (level: string, message: string, fields?: Readonly<Record<string, unknown>>): void => {
    const details = fields === undefined ? '' : ` ${JSON.stringify(fields)}`
    process.stderr.write(`${level}: ${message}${details}\n`)
  }
  return {
    info: () => undefined,
    warn: (message, fields) => write('warning', message, fields),
    error: (message, fields) => write('error', message, fields),
  }
}
