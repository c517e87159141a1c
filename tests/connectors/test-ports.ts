import { createHash } from 'node:crypto'
import type { Clock } from '../../core/ports/clock.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import type { FileStore } from '../../core/ports/file-store.ts'

/** A clock whose time passes only while somebody waits. */
export class ManualClock implements Clock {
  time = 1_700_000_000_000

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  async after(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.time += ms
  }
}

/** Shared by all ports, so that no two identities are equal. */
const drawn = { count: 0 }

/** Ports for connectors in tests: everything deterministic. */
export function testPorts(files: FileStore, clock: Clock = new ManualClock()): ConnectorPorts {
  return {
    files,
    clock,
    random: {
      uint32: () => drawn.count++,
      uuid: () => `00000000-0000-4000-8000-${String(drawn.count++).padStart(12, '0')}`,
    },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    pipeline: 'test',
  }
}
