import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Isolation } from '../../connectors/kafka/index.ts'
import { KAFKA_VERSION, kafkaLibrary } from '../../scripts/kafka/broker.ts'
import { missingOf } from '../../scripts/maven-library.ts'
import type { SeenRecord } from './seen-record.ts'

/** A record that Java's client wrote, and what became of its transaction. */
export interface WrittenRecord extends SeenRecord {
  readonly end: 'committed' | 'aborted' | 'open'
}

const SOURCES = fileURLToPath(new URL('java', import.meta.url))

/** The folder with the jars of Java's client, or why it cannot be run here; CI has to be able to. */
export async function javaLibrary(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  const missing = missingOf(['java', 'javac', 'mvn'])
  try {
    if (missing === undefined) return { folder: await kafkaLibrary(KAFKA_VERSION) }
  } catch (error) {
    if (process.env.CI === 'true') throw error
    return { missing: String(error) }
  }
  if (process.env.CI === 'true') throw new Error(missing)
  return { missing }
}

/** The program of the folder `java`, in one process that does what it is told. */
export class JavaClient {
  readonly #classes: string
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  private constructor(classes: string, process: ChildProcessByStdio<Writable, Readable, null>) {
    this.#classes = classes
    this.#process = process
    this.#lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]()
  }

  static async start(of: {
    readonly brokers: string
    readonly library: string
    readonly seed: number
  }): Promise<JavaClient> {
    const classes = await mkdtemp(join(tmpdir(), 'millrace-java-'))
    const jars = join(of.library, '*')
    const sources = globSync('*.java', { cwd: SOURCES })
    const compiled = spawnSync('javac', ['-encoding', 'UTF-8', '-d', classes, '-cp', jars, ...sources], {
      cwd: SOURCES,
      encoding: 'utf8',
    })
    if (compiled.status !== 0) throw new Error(`the Java client does not compile: ${compiled.stderr}`)
    const jvm = [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-Dfile.encoding=UTF-8',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    ]
    const args = [...jvm, '-cp', `${classes}:${jars}`, 'JavaClient', of.brokers, String(of.seed)]
    return new JavaClient(classes, spawn('java', args, { stdio: ['pipe', 'pipe', 'inherit'] }))
  }

  /** Fills a topic, or changes it; gives the records that were written. */
  write(command: string, topic: string, ...more: readonly string[]): Promise<readonly WrittenRecord[]> {
    // The program prints its records in this shape.
    return this.#ask([command, topic, ...more]) as Promise<readonly WrittenRecord[]>
  }

  /** What Java's consumer sees between the present ends of a topic. */
  read(topic: string, isolation: Isolation): Promise<readonly SeenRecord[]> {
    // The same.
    return this.#ask(['read', topic, isolation]) as Promise<readonly SeenRecord[]>
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    if (this.#process.exitCode === null) {
      this.#process.stdin.end()
      await ended
    }
    await rm(this.#classes, { recursive: true })
  }

  async #ask(words: readonly string[]): Promise<readonly unknown[]> {
    this.#process.stdin.write(`${words.join(' ')}\n`)
    const answers: unknown[] = []
    for (;;) {
      const { done, value } = await this.#lines.next()
      if (done === true) throw new Error(`the Java client ended at "${words.join(' ')}"`)
      const answer: object = JSON.parse(value)
      if ('done' in answer) return answers
      answers.push(answer)
    }
  }
}
