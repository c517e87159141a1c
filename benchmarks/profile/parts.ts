import type { Call } from './call-tree.ts'

/** A part of the work of a pipeline. */
export interface Part {
  readonly name: string
  readonly color: string
  /** Where its files begin. */
  readonly files: readonly string[]
}

/** Its encoder is a package, whose own time counts for it. */
const TABLE: Part = {
  name: 'Parquet and table',
  color: '#f2d06b',
  files: ['connectors/delta/', 'formats/parquet/'],
}

/** The first one that fits counts. */
const PARTS: readonly Part[] = [
  TABLE,
  {
    name: 'dead letters',
    color: '#e8a0a0',
    files: ['connectors/outbox/', 'formats/json/encode-record', 'formats/record-batch/encode'],
  },
  {
    name: 'Kafka: fetch, lz4, CRC, record batches',
    color: '#9cc4f0',
    files: ['connectors/kafka/', 'formats/record-batch/'],
  },
  { name: 'JSON to columns', color: '#f3c98b', files: ['formats/json/', 'formats/records/'] },
  {
    name: 'filter and select',
    color: '#b7dfb0',
    files: ['operators/expression/', 'operators/filter', 'operators/select', 'operators/columns/'],
  },
  {
    name: 'deduplicate',
    color: '#d7b5ea',
    files: ['operators/deduplicate', 'core/state/fingerprint', 'core/state/entry-memory'],
  },
  { name: 'window', color: '#f0b3d3', files: ['operators/window', 'core/state/pane', 'core/model/read-key'] },
  {
    name: 'exchange',
    color: '#a5ddd8',
    files: ['core/runtime/exchange/', 'core/model/key', 'core/model/gather', 'platform/threads/'],
  },
  { name: 'checkpoint', color: '#d8d0a0', files: ['core/checkpoint/', 'core/state/', 'state/'] },
  { name: 'counting sink of the benchmark', color: '#cccccc', files: ['benchmarks/'] },
  { name: 'runtime', color: '#e2e2e2', files: ['core/', 'operators/', 'connectors/', 'platform/'] },
]

const GARBAGE: Part = { name: 'garbage collection', color: '#c9bdb3', files: [] }
const NODE: Part = { name: 'Node', color: '#eeeeee', files: [] }
const OF_CALLER: Part = { name: 'WebAssembly', color: '#f7dfae', files: [] }
/** Windows and deduplication look their keys up there. */
const SHARED_FILES = 'core/state/keyed-'

/** The part that a call belongs to by itself. */
export function partOf({ name, file }: Call): Part {
  if (file?.startsWith(SHARED_FILES)) return OF_CALLER
  if (file !== undefined) return PARTS.find(({ files }) => files.some((begin) => file.startsWith(begin))) ?? NODE
  if (name === GARBAGE.name) return GARBAGE
  return name === OF_CALLER.name ? OF_CALLER : NODE
}

/** The time of each part, ms, longest first: that of the functions themselves; WebAssembly and look-ups count for who calls them. */
export function timeOfParts(root: Call): readonly (readonly [name: string, elapsedMs: number])[] {
  const times = new Map<string, number>()
  addTimes(root, NODE, times)
  return [...times].sort(([, a], [, b]) => b - a)
}

function addTimes(call: Call, caller: Part, times: Map<string, number>): void {
  const own = partOf(call)
  const part = own === OF_CALLER || (own === NODE && caller === TABLE) ? caller : own
  times.set(part.name, (times.get(part.name) ?? 0) + call.own)
  for (const next of call.calls.values()) addTimes(next, part, times)
}
