import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A function in a tree of calls, with the time that samples found in it and in what it called, ms. */
export interface Call {
  /** Name of the function; of what is no function: `garbage collection`, `WebAssembly`, `Node`. */
  readonly name: string
  /** Source file below the repository; `undefined` for what has none. */
  readonly file: string | undefined
  own: number
  total: number
  readonly calls: Map<string, Call>
}

/** What V8 writes with `--cpu-prof`, as far as it is read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** µs since the sample before. */
  readonly timeDeltas: readonly number[]
}

type Frame = CpuProfile['nodes'][number]['callFrame']

/** Files of the package, built or not, and of the benchmarks. */
const SOURCE = /\/(?:dist\/)?((?:core|connectors|formats|operators|platform|state|benchmarks)\/[^?]+?)\.[jt]s/

/** The calls of all threads in the profiles of a directory, from the given share of each on: what came before was the start. */
export function callTree(directory: string, from: number): Call {
  const root = callOf('all threads', undefined)
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.cpuprofile'))) {
    // Node wrote it.
    addProfile(root, JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile, from)
  }
  return root
}

function callOf(name: string, file: string | undefined): Call {
  return { name, file, own: 0, total: 0, calls: new Map() }
}

function addProfile(root: Call, profile: CpuProfile, from: number): void {
  const paths = pathsOf(profile)
  const end = profile.timeDeltas.reduce((sum, delta) => sum + delta, 0)
  let at = 0
  for (const [index, sample] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index]!
    at += delta
    const path = paths.get(sample)
    if (at < from * end || path === undefined) continue
    addSample(root, path, delta / 1000)
  }
}

function addSample(root: Call, path: readonly Call[], elapsedMs: number): void {
  let call = root
  call.total += elapsedMs
  for (const { name, file } of path) {
    const key = `${name} ${file}`
    const next = call.calls.get(key) ?? callOf(name, file)
    call.calls.set(key, next)
    next.total += elapsedMs
    call = next
  }
  call.own += elapsedMs
}

/** The calls that led to each node; none for a thread that was idle. */
function pathsOf({ nodes }: CpuProfile): ReadonlyMap<number, readonly Call[] | undefined> {
  const paths = new Map<number, readonly Call[] | undefined>()
  for (const { id, callFrame, children = [] } of nodes) {
    const before = paths.get(id) ?? []
    const own = shownOf(callFrame)
    const isIdle = callFrame.functionName === '(idle)'
    const path = own === undefined ? before : [...before, own]
    paths.set(id, isIdle ? undefined : path)
    for (const child of children) paths.set(child, path)
  }
  return paths
}

/** How a frame is shown; `undefined`: its time counts for its caller. */
function shownOf({ functionName, url }: Frame): Call | undefined {
  const file = url.includes('/node_modules/') ? undefined : SOURCE.exec(url)?.[1]
  if (file !== undefined) return callOf(functionName === '' ? '(anonymous)' : functionName, file)
  if (functionName === '(garbage collector)') return callOf('garbage collection', undefined)
  if (url.startsWith('wasm:')) return callOf('WebAssembly', undefined)
  return undefined
}
