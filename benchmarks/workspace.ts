import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A directory that a query keeps its topic in, from run to run; made where it is absent. */
export function workspace(name: string): string {
  const directory = join(root, '.millrace', 'benchmarks', name)
  mkdirSync(directory, { recursive: true })
  return directory
}

/** Removes what a run of a pipeline left in a workspace, all but the topic that it reads. */
export function clearRuns(directory: string, pipeline: string): void {
  for (const part of [join('.millrace', pipeline), join('.millrace', 'log', 'events.dlq'), 'warehouse']) {
    rmSync(join(directory, part), { recursive: true, force: true })
  }
}

/** Removes a topic. */
export function clearTopic(directory: string, topic: string): void {
  rmSync(join(directory, '.millrace', 'log', topic), { recursive: true, force: true })
}

/** True where the workspace has what `path` names. */
export function holds(directory: string, path: string): boolean {
  return existsSync(join(directory, path))
}

export interface ProcessOptions {
  readonly cwd: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[]
  /** Runs the package that {@link buildPackage} made instead of the sources. */
  readonly isBuilt?: boolean
}

/**
 * Runs a module of benchmarks/processes in a fresh process and returns what its last line of output says, as JSON.
 * Its errors go to stderr; a process that fails throws.
 */
export async function runProcess(module: string, options: ProcessOptions): Promise<unknown> {
  return lastLineOf(process.execPath, nodeArguments(module, options), options)
}

/** What Node is called with to run a module of benchmarks/processes. */
export function nodeArguments(module: string, options: Omit<ProcessOptions, 'cwd'>): readonly string[] {
  const path = fileURLToPath(new URL(`./processes/${module}.ts`, import.meta.url))
  const condition = options.isBuilt === true ? [] : ['-C', 'millrace-source']
  return [...condition, ...(options.nodeOptions ?? []), path, ...(options.args ?? [])]
}

/**
 * Options of Node for a system that is measured: where workers take all cores, threads of V8 that collect garbage beside them only
 * take turns with them. [Performance](../docs/performance.md) advises users alike; JVMs get the collector that suits them best, too.
 */
export const SYSTEM_OPTIONS: readonly string[] = ['--single-threaded-gc']

/** Options of Node that make profiles of the CPU in a directory; none where there is no directory. */
export function profilingTo(directory: string | undefined): readonly string[] {
  return directory === undefined ? [] : ['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', directory]
}

/** Builds the package, so that processes can run it as its users do; {@link removeBuild} is to be called after them. */
export function buildPackage(): void {
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the package cannot be built:\n${stdout}`)
}

/** In the repository sources run unbuilt. */
export function removeBuild(): void {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
}

/** The same for a source file of Java, with the jars of the broker that `npm run kafka` starts. */
export async function runJava(source: string, args: readonly string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(`./processes/${source}`, import.meta.url))
  const jars = process.env.KAFKA_JARS
  if (jars === undefined) throw new Error('KAFKA_JARS is not set; `npm run kafka -- COMMAND` sets it')
  return lastLineOf('java', ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', `${jars}/*`, path, ...args], {
    cwd: '.',
  })
}

/** A program that runs until it is told to end. */
export interface RunningProcess {
  readonly pid: number
  /** Rejects when it ends by itself. */
  readonly failed: Promise<never>
  /** Asks it to end and waits for that. */
  stop(): Promise<void>
}

/** Starts any program; its output goes to stderr. */
export function startProcess(command: string, args: readonly string[], options: ProcessOptions): RunningProcess {
  const { cwd, env } = options
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 2, 2] })
  let isStopping = false
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
  })
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (!isStopping) reject(new Error(`benchmark process ${args.join(' ')} ended with ${code}`))
    })
  })
  return {
    // Where it could not be started, `failed` says so.
    pid: child.pid ?? 0,
    failed,
    stop: () => {
      isStopping = true
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Runs any program and returns what its last line of output says, as JSON. */
export async function lastLineOf(command: string, args: readonly string[], options: ProcessOptions): Promise<unknown> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    output += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) throw new Error(`benchmark process ${args.join(' ')} ended with ${code}`)
  return JSON.parse(output.trim().split('\n').at(-1) ?? 'null')
}
