import { encodeError, MillraceError } from '../core/model/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import { hintFor } from './hints.ts'

/** Version of everything that is printed as JSON. */
const OUTPUT_SCHEMA_VERSION = 1

/** A stream that text can be written to. */
export interface TextStream {
  readonly isTTY?: boolean
  write(text: string): boolean
  once(event: 'drain', listener: () => void): unknown
}

export interface OutputOptions {
  readonly stdout: TextStream
  readonly stderr: TextStream
  /** With `--json`: one object per result on stdout, one per line for events on stderr. */
  readonly json: boolean
  /** Redraw one line of progress: only for a person at a terminal. */
  readonly redraws: boolean
}

/** Progress as plain lines: the first at once, then one per so many ms. */
const PLAIN_PROGRESS_EVERY_MS = 30_000
const CLEAR_LINE = '\r\u001b[K'

type Fields = Readonly<Record<string, unknown>>

/** Data goes to stdout; progress, logs and errors to stderr. */
export class Output {
  readonly json: boolean
  readonly logger: Logger
  readonly #options: OutputOptions
  #isLineOpen = false
  #lastProgress = Number.NEGATIVE_INFINITY

  constructor(options: OutputOptions) {
    this.#options = options
    this.json = options.json
    const write = (level: 'warning' | 'error') => (message: string, fields?: Fields) =>
      this.#log(level, message, fields)
    this.logger = { info: () => undefined, warn: write('warning'), error: write('error') }
  }

  /** The result of a command: `fields` with `--json`, else `text`. */
  result(command: string, fields: object, text: () => string): void {
    const object = { schemaVersion: OUTPUT_SCHEMA_VERSION, command, ...fields }
    this.#data(this.json ? JSON.stringify(object, jsonValue) : text())
  }

  /** One of many results; resolves when the reader can take more. */
  async item(fields: object, text: () => string): Promise<void> {
    const object = { schemaVersion: OUTPUT_SCHEMA_VERSION, ...fields }
    if (this.#data(this.json ? JSON.stringify(object, jsonValue) : text())) return
    await new Promise<void>((resolve) => this.#options.stdout.once('drain', resolve))
  }

  /** A word for the person who watches. */
  note(text: string): void {
    if (this.json) this.#event('note', { message: text })
    else this.#line(text)
  }

  /** How far a long command is: `fields` with `--json`, else `text`, of one line. */
  progress(fields: object, text: () => string): void {
    if (this.#options.redraws) {
      this.#options.stderr.write(`${CLEAR_LINE}${text()}`)
      this.#isLineOpen = true
      return
    }
    const now = performance.now()
    if (now - this.#lastProgress < PLAIN_PROGRESS_EVERY_MS) return
    this.#lastProgress = now
    if (this.json) this.#event('progress', fields)
    else this.#line(text())
  }

  error(error: unknown): void {
    const { code, message, details, cause } = encodeError(error)
    const hint = hintFor(code)
    if (this.json) {
      const known = error instanceof MillraceError ? { domain: error.domain, retry: error.retry } : {}
      this.#event('error', { code, message, hint, ...known, details, cause: cause?.message })
      return
    }
    this.#line(`${code}: ${message}`)
    if (cause !== undefined && !message.includes(cause.message))
      this.#line(`  caused by ${cause.code}: ${cause.message}`)
    if (hint !== undefined) this.#line(`  ${hint}`)
  }

  #log(level: 'warning' | 'error', message: string, fields: Fields = {}): void {
    if (this.json) {
      this.#event('log', { level, message, fields })
      return
    }
    const details = Object.entries(fields).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value, jsonValue)}`,
    )
    this.#line([`${level}: ${message}`, ...details].join(' '))
  }

  #event(event: string, fields: object): void {
    this.#line(JSON.stringify({ schemaVersion: OUTPUT_SCHEMA_VERSION, event, ...fields }, jsonValue))
  }

  #line(text: string): void {
    this.#closeLine()
    this.#options.stderr.write(`${text}\n`)
  }

  #data(text: string): boolean {
    this.#closeLine()
    return this.#options.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  #closeLine(): void {
    if (this.#isLineOpen) this.#options.stderr.write('\n')
    this.#isLineOpen = false
  }
}

/** JSON has no bigint; −Infinity (no watermark yet) becomes null by itself. */
function jsonValue(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
