import { TABLE } from './scenario.ts'
import type { SimulatedDisk } from './simulated-files.ts'

/** Somebody else who also writes to the table: a version of its own, without records, may come at any moment. */
export function appendForeignVersion(disk: SimulatedDisk, timestamp: number): void {
  const versions = disk.view.list(`${TABLE}/_delta_log`).filter((name) => /^\d{20}\.json$/.test(name))
  if (versions.length === 0) return
  const path = `${TABLE}/_delta_log/${String(versions.length).padStart(20, '0')}.json`
  const commitInfo = {
    timestamp,
    operation: 'WRITE',
    operationParameters: { mode: 'Append' },
    engineInfo: 'another writer',
  }
  disk.plant(path, new TextEncoder().encode(`${JSON.stringify({ commitInfo })}\n`))
}
