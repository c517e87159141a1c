import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mavenLibrary, missingOf } from '../maven-library.ts'
import { type Listener, type NodeSettings, type Settings, serverProperties } from './settings.ts'

/** The version that is started unless `KAFKA_VERSION` says another one. */
export const KAFKA_VERSION = process.env.KAFKA_VERSION ?? '4.4.0'

const POM = fileURLToPath(new URL('pom.xml', import.meta.url))
const CLUSTER_ID = 'Ojdhh8khR-6s1j1ykWSfcw'
/** Three of them that start at once on a busy machine need their time. */
const START_MS = 180_000
const STOP_MS = 10_000
const LOOK_MS = 100

/** Why no broker can be started here; `undefined` where one can. */
export function missingForBroker(): string | undefined {
  return missingOf(['java', 'mvn'])
}

/** How a broker is to be started. */
export interface BrokerOptions {
  readonly port?: number
  /** What clients are told to connect to, a proxy for example. */
  readonly advertisedPort?: number
  /** Listeners beside the plain one, on ports of their own: see `addressOf`. */
  readonly listeners?: readonly Omit<Listener, 'port'>[]
  /** Settings beside those that it needs. */
  readonly settings?: Settings
  /** Passwords by users, for SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly scramUsers?: Settings
}

/** Apache Kafka on loopback: one node that is broker and controller, KRaft, from Maven Central. */
export class KafkaBroker {
  readonly port: number
  /** Where its settings and its `log` are. */
  readonly directory: string
  /** Folder with the jars. */
  readonly library: string
  readonly #listeners: readonly Listener[]
  #process: ChildProcess | undefined

  private constructor(directory: string, library: string, node: Omit<NodeSettings, 'directory'>) {
    this.directory = directory
    this.library = library
    this.port = node.port
    this.#listeners = node.listeners ?? []
  }

  /** Resolves when the broker takes requests. */
  static async start(options: BrokerOptions = {}): Promise<KafkaBroker> {
    const { listeners: asked = [], settings = {}, scramUsers = {} } = options
    const [own, controller, ...more] = await freePorts(2 + asked.length)
    const { port = own!, advertisedPort = port } = options
    const listeners = asked.map((listener, at) => ({ ...listener, port: more[at]! }))
    const node = { id: 1, port, advertisedPort, controllers: [controller!], listeners, settings }
    const broker = await KafkaBroker.#node(node, scramUsers)
    await broker.run()
    return broker
  }

  /** The same for a cluster of three, with three replicas of every topic. */
  static async startCluster(): Promise<readonly KafkaBroker[]> {
    const [first, second, third, ...controllers] = await freePorts(6)
    const nodes: KafkaBroker[] = []
    for (const [at, port] of [first!, second!, third!].entries()) {
      const id = at + 1
      nodes.push(await KafkaBroker.#node({ id, port, advertisedPort: port, controllers }))
    }
    await Promise.all(nodes.map((node) => node.run()))
    return nodes
  }

  static async #node(of: Omit<NodeSettings, 'directory'>, scramUsers: Settings = {}): Promise<KafkaBroker> {
    const library = await kafkaLibrary(KAFKA_VERSION)
    const directory = await mkdtemp(join(tmpdir(), 'millrace-kafka-'))
    const broker = new KafkaBroker(directory, library, of)
    await writeFile(join(directory, 'server.properties'), serverProperties({ ...of, directory }))
    broker.#format([...(of.controllers.length === 1 ? ['--standalone'] : []), ...scramArguments(scramUsers)])
    return broker
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Where the partitions of its topics lie. */
  get logDirectory(): string {
    return join(this.directory, 'log')
  }

  /** The same for one of the listeners beside the plain one. */
  addressOf(name: string): string {
    const listener = this.#listeners.find((one) => one.name === name)
    if (listener === undefined) throw new Error(`the broker has no listener "${name}"`)
    return `127.0.0.1:${listener.port}`
  }

  /** Its process, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Starts the process, also after `kill`, on the data that is there. */
  async run(): Promise<void> {
    const log = await open(join(this.directory, 'broker.log'), 'w')
    const info = '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info'
    // With less room for young objects it would stand still every second where records come fast, and latency would be its own.
    const args = ['-Xmx1g', '-Xmn640m', '-XX:+UseSerialGC', info, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
    this.#process = spawn('java', [...args, '-cp', `${this.library}/*`, 'kafka.Kafka', this.#settings], {
      stdio: ['ignore', log.fd, log.fd],
    })
    await log.close()
    // Nobody else would end it.
    const running = this.#process
    const killOnExit = (): void => {
      running.kill('SIGKILL')
    }
    process.on('exit', killOnExit)
    running.once('exit', () => process.off('exit', killOnExit))
    await this.#started()
  }

  /** Ends the process at once, as a power failure would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    await rm(this.directory, { recursive: true, force: true })
  }

  get #settings(): string {
    return join(this.directory, 'server.properties')
  }

  #format(more: readonly string[]): void {
    const args = ['-cp', `${this.library}/*`, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID]
    const format = spawnSync('java', [...args, '-c', this.#settings, ...more], { encoding: 'utf8' })
    if (format.status !== 0) throw new Error(`formatting the broker's storage failed: ${format.stderr}`)
  }

  async #started(): Promise<void> {
    const until = Date.now() + START_MS
    while (Date.now() < until) {
      const log = await readFile(join(this.directory, 'broker.log'), 'utf8')
      if (log.includes('Kafka Server started')) return
      if (this.#process?.exitCode !== null) throw new Error(`the broker ended at its start:\n${log.slice(-4_000)}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    throw new Error(`the broker did not start within ${START_MS / 1_000} s`)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    // The last nodes of a cluster would wait for a quorum that is gone.
    const impatience = setTimeout(() => running.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(impatience)
  }
}

/** What the formatting takes for users that are there from the start. */
function scramArguments(users: Settings): readonly string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((kind) => [
      '--add-scram',
      `${kind}=[name=${name},password=${password}]`,
    ]),
  )
}

/** The folder with the jars of this version. */
export function kafkaLibrary(version: string): Promise<string> {
  return mavenLibrary({ name: `kafka-${version}`, pom: POM, options: [`-Dkafka.version=${version}`] })
}

/** A port of loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port!
}

/** So many, each another one: all are taken before the first is given back. */
async function freePorts(count: number): Promise<readonly number[]> {
  const taken = await Promise.all(Array.from({ length: count }, () => takePort()))
  for (const { free } of taken) await free()
  return taken.map(({ port }) => port)
}

function takePort(): Promise<{ readonly port: number; free(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address !== 'object' || address === null) return reject(new Error('no port'))
      const free = (): Promise<void> => new Promise((done) => server.close(() => done()))
      return resolve({ port: address.port, free })
    })
  })
}
