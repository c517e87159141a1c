import type { MessagePort } from 'node:worker_threads'
import type { Logger } from '../../core/ports/logger.ts'

/** A log line on its way between threads. */
interface LogLine {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A logger in a worker: its lines are written by the thread at the other end of `port`. Fields are plain data. */
export function portLogger(port: MessagePort): Logger {
  const write = (level: keyof Logger) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    const line: LogLine = { level, message, fields: fields ?? {} }
    port.postMessage(line)
  }
  return { info: write('info'), warn: write('warn'), error: write('error') }
}

/** Writes the lines that come from a worker, each with the number of that worker. */
export function forwardLog(port: MessagePort, logger: Logger, worker: number): void {
  port.on('message', ({ level, message, fields }: LogLine) => logger[level](message, { worker, ...fields }))
}
