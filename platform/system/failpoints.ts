import { openSync, writeSync } from 'node:fs'
import { MillraceError } from '../../core/model/errors.ts'
import { suggestion } from '../../core/model/nearest.ts'
import { FAILPOINTS, type Failpoint, type FailpointName } from '../../core/ports/failpoint.ts'

/** Name of the environment variable. */
export const FAILPOINT_VARIABLE = 'MILLRACE_FAIL'

const TRACE = 'trace:'

interface Trap {
  readonly point: string
  readonly action: () => void
  /** Passes left until it springs; it does so once. */
  left: number
}

/**
 * The failpoint that `MILLRACE_FAIL` asks for: `point:action:nth`, several separated by commas; `nth` counts from 1, per
 * thread. Actions: `kill` (SIGKILL to this process), `throw`, `delay-<ms>` (blocks the thread). Without the variable a
 * call does nothing. Throws `MR_OPTION_INVALID` for anything else. `trace:<file>` appends the name of every point that is
 * passed, a line each, from all threads: whoever killed the process reads there how far it had come.
 *
 * @example
 * failpointFromEnvironment({ MILLRACE_FAIL: 'P3-prepared:kill:2,P5-before-commit:delay-500:1' })
 */
export function failpointFromEnvironment(env: Readonly<Record<string, string | undefined>>): Failpoint {
  const text = env[FAILPOINT_VARIABLE]
  if (text === undefined || text === '') return () => undefined
  const entries = text.split(',').map((entry) => entry.trim())
  const traps = entries.filter((entry) => !entry.startsWith(TRACE)).map(trapOf)
  const traces = entries.filter((entry) => entry.startsWith(TRACE)).map(traceOf)
  return (name) => {
    for (const trace of traces) trace(name)
    for (const trap of traps) if (trap.point === name && --trap.left === 0) trap.action()
  }
}

/** Each line is one append in the kernel, so that it outlives a SIGKILL and lines of several threads never mix. */
function traceOf(entry: string): Failpoint {
  const path = entry.slice(TRACE.length)
  if (path === '') throw invalid('`trace:` needs the path of a file')
  const file = openSync(path, 'a')
  return (name) => {
    writeSync(file, `${name}\n`)
  }
}

function trapOf(text: string): Trap {
  const match = /^([^:]+):([^:]+):([1-9]\d*)$/.exec(text)
  if (match === null) throw invalid(`"${text}" is not point:action:nth`)
  const [point, action, nth] = [match[1]!, match[2]!, Number(match[3]!)]
  if (!isFailpoint(point)) throw invalid(`there is no failpoint "${point}"${suggestion(point, FAILPOINTS)}`)
  return { point, action: actionOf(action, point), left: nth }
}

function actionOf(action: string, point: string): () => void {
  if (action === 'kill') return () => process.kill(process.pid, 'SIGKILL')
  if (action === 'throw') {
    return () => {
      throw new MillraceError('MR_INTERNAL', `failpoint ${point} was asked to throw`, { details: { point } })
    }
  }
  const delay = /^delay-(\d+)$/.exec(action)
  if (delay === null) throw invalid(`"${action}" is no action; allowed are kill, throw, delay-<ms>`)
  return () => block(Number(delay[1]!))
}

/** Blocks the thread: a stall, as a long garbage collection or a stopped process would make. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function isFailpoint(text: string): text is FailpointName {
  return FAILPOINTS.some((name) => name === text)
}

function invalid(why: string): MillraceError {
  return new MillraceError('MR_OPTION_INVALID', `${FAILPOINT_VARIABLE}: ${why}`)
}
