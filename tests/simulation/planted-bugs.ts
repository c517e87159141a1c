import { execFileSync, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PATCHES = fileURLToPath(new URL('planted', import.meta.url))
/** What the simulation needs of the source tree. */
const COPIED = [
  'core',
  'formats',
  'operators',
  'connectors',
  'state',
  'platform',
  'cli',
  'examples',
  'tests/simulation',
]
const COPIED_FILES = ['package.json', 'tsconfig.json']
/** A bug that no seed up to here finds is not caught. */
const MOST_SEEDS = 400
const MOST_MS = 15 * 60_000

/** A bug of the shipped source, as a patch that puts it there. */
export interface PlantedBug {
  readonly name: string
  readonly path: string
  /** What is wrong, in one sentence. */
  readonly what: string
}

/** What the simulation made of a planted bug. */
export type Catch =
  | { readonly kind: 'caught'; readonly bug: PlantedBug; readonly seeds: number; readonly violation: string }
  | { readonly kind: 'missed'; readonly bug: PlantedBug; readonly why: string }

/** All planted bugs, by name. The first line of a patch says what is wrong. */
export async function plantedBugs(): Promise<readonly PlantedBug[]> {
  const names = (await readdir(PATCHES)).filter((name) => name.endsWith('.patch')).sort()
  return Promise.all(
    names.map(async (name) => {
      const path = join(PATCHES, name)
      const what = (await readFile(path, 'utf8')).split('\n', 1)[0] ?? ''
      return { name: name.slice(0, -'.patch'.length), path, what: what.replace(/^# /, '') }
    }),
  )
}

/**
 * Plants a bug in a copy of the source tree and runs seeds there until one finds it. Only a violation counts: where the
 * simulation itself breaks down, or the patch no longer fits, the bug is missed.
 */
export async function catchBug(bug: PlantedBug, mostSeeds = MOST_SEEDS): Promise<Catch> {
  const copy = await mkdtemp(join(tmpdir(), 'planted-'))
  try {
    await copySource(copy)
    plant(bug, copy)
    return { bug, ...(await firstViolation(copy, mostSeeds)) }
  } catch (error) {
    return { kind: 'missed', bug, why: error instanceof Error ? error.message : String(error) }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Throws where the patch does not fit the source as it stands. */
export function checkFits(bug: PlantedBug): void {
  execFileSync('git', ['apply', '--check', bug.path], { cwd: ROOT, stdio: 'pipe' })
}

/** Tries all planted bugs, one after the other, and tells of each. Resolves with the number of those that were missed. */
export async function catchAll(tell: (line: string) => void, only = ''): Promise<number> {
  let missed = 0
  for (const bug of await plantedBugs()) {
    if (!bug.name.includes(only)) continue
    const result = await catchBug(bug)
    if (result.kind === 'missed') missed++
    tell(lineOf(result))
  }
  return missed
}

function lineOf(result: Catch): string {
  const name = result.bug.name.padEnd(36)
  return result.kind === 'caught'
    ? `${name} ${String(result.seeds).padStart(4)} seeds  ${result.violation.slice(0, 110)}`
    : `${name} MISSED      ${result.why} (planted: ${result.bug.what})`
}

async function copySource(copy: string): Promise<void> {
  const listed = execFileSync('git', ['ls-files', '-z', '--', ...COPIED, ...COPIED_FILES], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  for (const path of listed.split('\0').filter((name) => name !== '')) {
    await mkdir(join(copy, dirname(path)), { recursive: true })
    await cp(join(ROOT, path), join(copy, path))
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
}

function plant(bug: PlantedBug, copy: string): void {
  // Without the ceiling git would look for a repository above the copy and apply the patch there.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(copy) }
  execFileSync('git', ['apply', bug.path], { cwd: copy, env, stdio: 'pipe' })
}

/** What {@link catchBug} reads of the report that `simulate --json` prints. */
interface Report {
  readonly failed: readonly { readonly seed: number; readonly violations: readonly string[] }[]
}

type Finding =
  | { readonly kind: 'caught'; readonly seeds: number; readonly violation: string }
  | { readonly kind: 'missed'; readonly why: string }

async function firstViolation(copy: string, mostSeeds: number): Promise<Finding> {
  const [first] = (await simulateIn(copy, ['--seeds', String(mostSeeds), '--until-failure'])).failed
  if (first === undefined) return { kind: 'missed', why: `${mostSeeds} seeds found nothing` }
  const { failed } = await simulateIn(ROOT, ['--seeds', '1', '--seed', String(first.seed)])
  if (failed.length > 0) return { kind: 'missed', why: `seed ${first.seed} fails without the bug, too` }
  return { kind: 'caught', seeds: first.seed, violation: first.violations[0] ?? '' }
}

async function simulateIn(tree: string, options: readonly string[]): Promise<Report> {
  const script = join('tests', 'simulation', 'simulate.ts')
  const parameters = ['-C', 'millrace-source', script, '--json', ...options]
  const { output, complaint } = await run(process.execPath, parameters, tree)
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  if (!line.startsWith('{')) throw new Error(`the simulation broke down: ${complaint.slice(-500)}`)
  // The line was printed by simulate.ts of the same version.
  return JSON.parse(line) as Report
}

function run(
  command: string,
  parameters: readonly string[],
  directory: string,
): Promise<{ readonly output: string; readonly complaint: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], timeout: MOST_MS })
    let output = ''
    let complaint = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text
    })
    child.on('error', reject)
    child.on('close', () => resolve({ output, complaint }))
  })
}
