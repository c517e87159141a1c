import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { OrderFigures } from '../processes/orders/run-millrace.ts'
import { lastLineOf } from '../workspace.ts'

/** The systems that are measured beside Millrace. */
export const PEERS = {
  'flink-rocksdb': { title: 'Flink, RocksDB', module: 'flink', main: 'FlinkPeer', more: ['rocksdb'] },
  'flink-heap': { title: 'Flink, heap', module: 'flink', main: 'FlinkPeer', more: ['hashmap'] },
  'kafka-streams': { title: 'Kafka Streams', module: 'kafka-streams', main: 'KafkaStreamsPeer', more: [] },
} as const
export type Peer = keyof typeof PEERS

/** Garbage collectors to be tried: the better one counts. */
export const COLLECTORS = { parallel: '-XX:+UseParallelGC', g1: '-XX:+UseG1GC' } as const
export type Collector = keyof typeof COLLECTORS

const folder = fileURLToPath(new URL('.', import.meta.url))
const MAXIMAL_HEAP = '-Xmx4g'
/** What Flink asks for on Java 17. */
const OPENED = ['java.util', 'java.lang'].flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`])

/** Why no peer can be run here; `undefined` where they can. */
function missingForPeers(): string | undefined {
  for (const command of ['java', 'mvn']) {
    if (spawnSync(command, ['-version'], { stdio: 'ignore' }).error !== undefined) return `${command} is missing`
  }
  return undefined
}

/** Compiles the peers with their libraries, from Maven's cache or Maven Central. */
function buildPeers(): void {
  console.error('building the peers with Maven')
  // With the cache alone it is a matter of seconds.
  for (const offline of [['-o'], []]) {
    const built = spawnSync('mvn', ['-B', '-q', ...offline, '-f', folder, '-DskipTests', 'package'], {
      encoding: 'utf8',
    })
    if (built.status === 0) return
    if (offline.length === 0) throw new Error(`Maven could not build the peers:\n${built.stdout}`)
  }
}

/** Those of some things that were asked for by name, or all of them. Throws where there is none of the name. */
export function chosen<T extends string>(what: string, all: readonly T[], choice: string): readonly T[] {
  const found = all.filter((one) => choice === 'all' || one === choice)
  if (found.length === 0) throw new Error(`there is no ${what} "${choice}"; there are ${all.join(', ')} and all`)
  return found
}

/** The peers that are asked for, ready to run; none where Java or Maven are missing. */
export function readyPeers<T extends Peer>(all: readonly T[], choice: string): readonly T[] {
  const peers = chosen('peer', all, choice)
  const missing = missingForPeers()
  if (missing === undefined) {
    buildPeers()
    return peers
  }
  console.error(`${peers.join(', ')} skipped: ${missing}`)
  return []
}

export interface PeerRun {
  readonly query: string
  readonly brokers: string
  readonly topic: string
  readonly records: number
  /** An empty directory for its state. */
  readonly directory: string
  readonly collector: Collector
}

/** Runs a query in a fresh process. */
export async function runPeer(peer: Peer, run: PeerRun): Promise<OrderFigures> {
  const { main, more } = PEERS[peer]
  const { query, brokers, topic, records, directory, collector } = run
  const own = [query, brokers, topic, String(records), directory, ...more]
  // The peers print just this shape.
  return (await lastLineOf('java', argumentsOf(peer, { main, collector, own }), { cwd: directory })) as OrderFigures
}

/** What `java` is called with to run a class of a peer. */
export function argumentsOf(
  peer: Peer,
  of: { readonly main: string; readonly collector: Collector; readonly own: readonly string[] },
): readonly string[] {
  const { module } = PEERS[peer]
  const target = `${folder}${module}/target`
  const options = [COLLECTORS[of.collector], MAXIMAL_HEAP, ...OPENED, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
  return [...options, '-cp', `${target}/${module}-1.jar:${target}/libraries/*`, `millrace.peers.${of.main}`, ...of.own]
}
