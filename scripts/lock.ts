import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One entry of `packages` in package-lock.json, as far as this script reads or writes it. */
export interface LockEntry {
  version?: string
  resolved?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  optionalDependencies?: Record<string, string>
}

/** package-lock.json, version 3. */
export interface Lock {
  packages: Record<string, LockEntry>
}

/** An optional dependency that no entry of the lock answers. */
export interface MissingOptional {
  readonly name: string
  readonly range: string
  readonly isDev: boolean
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']

/** The optional dependencies for which npm found no package; `npm ci` refuses a lock that lacks them. */
export function missingOptionals(lock: Lock): MissingOptional[] {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !isAnswered(lock, path, name))
      .map(([name, range]) => ({ name, range, isDev: entry.dev === true })),
  )
}

/** The same lock with an entry for each missing optional dependency and without addresses of a registry. */
export function completeLock(lock: Lock): Lock {
  const added = missingOptionals(lock).map((missing) => [`node_modules/${missing.name}`, placeholder(missing)] as const)
  const entries = Object.entries(lock.packages).map(([path, entry]) => [path, withoutAddress(entry)] as const)
  const sorted = [...entries, ...added].sort(([a], [b]) => a.localeCompare(b, 'en'))
  return { ...lock, packages: Object.fromEntries(sorted) }
}

/** Whether Node's look-up from the package at `path` upwards meets an entry called `name`. */
function isAnswered(lock: Lock, path: string, name: string): boolean {
  for (let folder = path; folder !== ''; folder = parentOf(folder)) {
    if (lock.packages[`${folder}/node_modules/${name}`] !== undefined) return true
  }
  return lock.packages[`node_modules/${name}`] !== undefined
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')))
}

function placeholder({ name, range, isDev }: MissingOptional): LockEntry {
  const words = name.split(/[/-]/)
  const os = systems.filter((system) => words.includes(system))
  const cpu = processors.filter((processor) => words.includes(processor))
  return {
    version: range.replace(/^[^\d]*/, ''),
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(isDev ? { dev: true } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  }
}

function withoutAddress({ resolved, ...entry }: LockEntry): LockEntry {
  return resolved === undefined || /^https?:/.test(resolved) ? entry : { resolved, ...entry }
}

if (import.meta.main) {
  const npm = spawnSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], { stdio: 'inherit' })
  if (npm.status !== 0) throw new Error(`npm install --package-lock-only ended with ${npm.status}`)
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))
  const lock = completeLock(JSON.parse(readFileSync(file, 'utf8')) as Lock)
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
}
