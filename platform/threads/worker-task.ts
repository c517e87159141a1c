import type { MessagePort } from 'node:worker_threads'

/** What a thread of the pool is given: everything crosses by structured clone, ports are handed over. */
export interface WorkerTask {
  readonly worker: number
  /** URL of the pipeline module. */
  readonly module: string
  /** Value of `MILLRACE_FAIL`, empty for none. */
  readonly failpoints: string
  readonly control: MessagePort
  readonly log: MessagePort
  /** To every other worker by its number; the own place is `null`. */
  readonly peers: readonly (MessagePort | null)[]
}
