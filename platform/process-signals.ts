import { constants } from 'node:os'
import type { RunningJob } from './run.ts'

/** So often the job is asked to end by a signal before the process ends at once. */
const POLITE_SIGNALS = 1

/**
 * SIGTERM and SIGINT drain the job: one last epoch, nothing is replayed at the next start. A second signal ends the
 * process at once with 128 + its number; the next start goes on from the last checkpoint. Returns a function that
 * leaves signals to Node again.
 */
export function drainOnSignals(
  job: RunningJob,
  onDrain: (signal: NodeJS.Signals) => void = () => undefined,
): () => void {
  let received = 0
  const receive = (signal: NodeJS.Signals): void => {
    received++
    if (received > POLITE_SIGNALS) process.exit(128 + constants.signals[signal])
    onDrain(signal)
    job.drain()
  }
  process.on('SIGTERM', receive)
  process.on('SIGINT', receive)
  return () => {
    process.off('SIGTERM', receive)
    process.off('SIGINT', receive)
  }
}
