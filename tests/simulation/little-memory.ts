import type { JobOptions } from '../../core/runtime/job/job-ports.ts'
import type { SeededRandom } from './seeded-random.ts'

/** How little memory the state of a job has. */
export interface LittleMemory {
  /** Bytes for each key group that a worker owns, above what an empty table takes. */
  readonly bytesPerGroup: number
  /** Pages of spilled state that are damaged in the course of a seed. */
  readonly damages: number
}

/** Fewer key groups have more keys each, so that there is something to move out. */
const KEY_GROUPS = 4
const ROOMY_KEY_GROUPS = 8
/** Of a group without keys. */
const EMPTY_GROUP_BYTES = 512

/** Two in five seeds without windows, whose state cannot leave memory. */
export function littleMemoryOf(random: SeededRandom): LittleMemory | undefined {
  if (!random.chance(0.4)) return undefined
  return { bytesPerGroup: random.pick([2_200, 2_600, 3_000]), damages: random.chance(0.3) ? 1 + random.below(2) : 0 }
}

export function keyGroupsOf(memory: LittleMemory | undefined): number {
  return memory === undefined ? ROOMY_KEY_GROUPS : KEY_GROUPS
}

interface Job {
  readonly options: JobOptions
  readonly memory: LittleMemory | undefined
}

/** Options of a job with so many workers: each has room for the groups that it owns, and not much more. */
export function withMemory({ options, memory }: Job, workers: number): JobOptions {
  if (memory === undefined) return { ...options, workers }
  const owned = Math.ceil(KEY_GROUPS / workers)
  const perWorker = KEY_GROUPS * EMPTY_GROUP_BYTES + owned * memory.bytesPerGroup
  return { ...options, workers, stateMemoryBytes: workers * perWorker }
}
