import { spreadOf, spreadText } from '../figures.ts'
import { REPEATED_EVERY, SPLITS } from './input.ts'
import { atFullSpeed, type FullSpeed, type Prepared } from './runs.ts'

/** An eighth of what a key takes with its index and room to grow. */
const BYTES_PER_KEY = 6
const CONTENTS = ['new', 'half-old'] as const

type Content = (typeof CONTENTS)[number]
const MEMORIES = ['roomy', 'little'] as const

/** Runs of one kind, each with as many records, on the same state. */
export interface SpillRuns {
  readonly content: Content
  readonly memory: (typeof MEMORIES)[number]
  readonly runs: readonly FullSpeed[]
  /** CPU time of each run less that of one without records, per record. */
  readonly usPerRecord: readonly number[]
}

/** The same records with and without room in memory for all keys. */
export interface SpillComparison {
  /** What the state may take where it has little memory. */
  readonly stateBytes: number
  readonly records: number
  readonly measured: readonly SpillRuns[]
}

/** How it is measured, for a report. */
export const SPILL_METHOD = `State on disk: records come as fast as they are taken, as many as a quarter of the keys, with room for all state and with a budget of
${BYTES_PER_KEY} bytes per key (\`stateMemory\`), in turn. As a key takes at least 24 bytes in memory, three quarters of the keys or more are on
disk then. Either one record in ${REPEATED_EVERY} is a duplicate and the others bring new keys, or every second one is in addition a duplicate of a
key that is older than an eighth of all keys. CPU time is that of the whole process, source and sink included, less that of a process that
restores the same state with the same budget and takes ${SPLITS} records (the median of some). Resident memory is the median of the second half
of a run, mapped files included. All runs of the same records must find the same duplicates.`

export async function compareSpill(prepared: Prepared, pairs: number): Promise<SpillComparison> {
  const turns = SPLITS * REPEATED_EVERY
  const records = Math.ceil(prepared.keys / 4 / turns) * turns
  const stateBytes = BYTES_PER_KEY * prepared.keys
  const plans = MEMORIES.map((memory) => {
    const kinds = CONTENTS.map((content) => ({ content, runs: [] as FullSpeed[] }))
    return { memory, budget: memory === 'little' ? stateBytes : undefined, idle: [] as FullSpeed[], kinds }
  })
  for (let pair = 0; pair < pairs; pair++) {
    for (const { memory, budget, idle, kinds } of plans) {
      idle.push(await atFullSpeed(prepared, SPLITS, { content: 'new', stateBytes: budget }))
      for (const { content, runs } of kinds) {
        runs.push(await atFullSpeed(prepared, records, { content, stateBytes: budget }))
        console.error(
          `${content}, ${memory}: ${runs.at(-1)!.cpuMs.toFixed(0)} ms, ${idle.at(-1)!.cpuMs.toFixed(0)} without`,
        )
      }
    }
  }
  const measured = plans.flatMap(({ memory, idle, kinds }) => {
    const without = spreadOf(idle.map(({ cpuMs }) => cpuMs)).median
    return kinds.map(({ content, runs }): SpillRuns => {
      const usPerRecord = runs.map(({ cpuMs }) => (1000 * (cpuMs - without)) / (records - SPLITS))
      return { content, memory, runs, usPerRecord }
    })
  })
  for (const content of CONTENTS) checkDuplicates(measured.filter((kind) => kind.content === content))
  return { stateBytes, records, measured }
}

/** Lines of a table. */
export function spillLines({ measured }: SpillComparison): readonly string[][] {
  return CONTENTS.flatMap((content) => {
    const name = content === 'new' ? 'new keys' : 'half old duplicates'
    const kinds = measured.filter((kind) => kind.content === content)
    const lines = kinds.flatMap(({ memory, runs, usPerRecord }) => {
      const where = `${name}, ${memory === 'little' ? 'most on disk' : 'all in memory'}`
      const spread = (figure: 'rssMiB' | 'mappedMiB' | 'epochs') =>
        spreadText(spreadOf(runs.map((run) => run[figure])), 0)
      return [
        [`${where}: CPU per record, µs`, spreadText(spreadOf(usPerRecord))],
        [`${where}: resident memory, MiB`, spread('rssMiB')],
        [`${where}: of which mapped files, MiB`, spread('mappedMiB')],
        [`${where}: epochs`, spread('epochs')],
      ]
    })
    const [roomy, little] = kinds.map(({ usPerRecord }) => spreadOf(usPerRecord).median)
    return [...lines, [`${name}: CPU on disk by CPU in memory`, (little! / roomy!).toFixed(2)]]
  })
}

function checkDuplicates(kinds: readonly SpillRuns[]): void {
  const found = new Set(kinds.flatMap(({ runs }) => runs.map(({ duplicates }) => duplicates)))
  if (found.size > 1) throw new Error(`runs of the same records found ${[...found].join(' or ')} duplicates`)
}
