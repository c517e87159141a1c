import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FAILPOINTS, type FailpointName } from '../../core/ports/failpoint.ts'

const program = fileURLToPath(new URL('run-job.ts', import.meta.url))
const exampleModule = fileURLToPath(new URL('../../examples/events-curated/pipeline.ts', import.meta.url))
const POLL_MS = 5
const MOST_OUTPUT = 20_000

export interface JobProcessOptions {
  /** Working directory. */
  readonly directory: string
  /** File that the names of passed failpoints go to. */
  readonly trace: string
  /** Entry of MILLRACE_FAIL that kills, empty for none. */
  readonly trap: string
  /** Further arguments of `millrace run`. */
  readonly args: readonly string[]
  /** Module of the pipeline. Default: the one of the example. */
  readonly module?: string
  /** Further variables of its environment. */
  readonly environment?: Readonly<Record<string, string>>
  /** Folder of compiled code, which makes starts three times as fast. */
  readonly compileCache: string
}

/** How a process ended. */
export interface JobEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** One life of the job: a process of its own. */
export class JobProcess {
  readonly ended: Promise<JobEnd>
  readonly #child: ChildProcess
  readonly #trace: string
  #end: JobEnd | undefined

  constructor(options: JobProcessOptions) {
    const { directory, trace, trap, args, compileCache, module = exampleModule, environment = {} } = options
    this.#trace = trace
    const entries = [`trace:${trace}`, ...(trap === '' ? [] : [trap])]
    const env = { ...process.env, ...environment, MILLRACE_FAIL: entries.join(','), NODE_COMPILE_CACHE: compileCache }
    const command = ['-C', 'millrace-source', program, 'run', module, ...args]
    this.#child = spawn(process.execPath, command, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] })
    // Nobody else would end it.
    const killOnExit = (): void => this.kill()
    process.on('exit', killOnExit)
    this.ended = endOf(this.#child).then((end) => {
      process.off('exit', killOnExit)
      this.#end = end
      return end
    })
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  /** Resolves when a failpoint was passed; rejects where the process ends before. */
  async reached(name: FailpointName): Promise<void> {
    while (!this.passed().includes(name)) {
      if (this.#end !== undefined) throw new Error(`the job ended before ${name}: ${this.#end.stderr}`)
      await sleep(POLL_MS)
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Names of the failpoints that were passed so far, by all threads. */
  passed(): readonly FailpointName[] {
    const known = new Set<string>(FAILPOINTS)
    return linesOf(this.#trace).filter((line): line is FailpointName => known.has(line))
  }
}

function endOf(child: ChildProcess): Promise<JobEnd> {
  const texts = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      texts[stream] = (texts[stream] + text).slice(-MOST_OUTPUT)
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...texts }))
  })
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
