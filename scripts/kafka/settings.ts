import { join } from 'node:path'

/** A listener beside the plain one. */
export interface Listener {
  /** Lower case. */
  readonly name: string
  readonly port: number
  readonly protocol: 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'
  /** Settings of this listener alone, by their names in Kafka's documentation, such as `ssl.client.auth`. */
  readonly settings: Settings
}

export type Settings = Readonly<Record<string, string>>

/** Where one node of a cluster is and whom it talks to. */
export interface NodeSettings {
  readonly id: number
  readonly directory: string
  readonly port: number
  /** What clients are told to connect to. */
  readonly advertisedPort: number
  /** Ports of the controllers of all nodes, in the order of their ids from 1 on. */
  readonly controllers: readonly number[]
  readonly listeners?: readonly Listener[]
  /** Settings of the node beside those that it needs. */
  readonly settings?: Settings
}

/** The server.properties of a node that is broker and controller. */
export function serverProperties(node: NodeSettings): string {
  const { id, directory, port, advertisedPort, controllers, listeners = [], settings = {} } = node
  const replicas = controllers.length
  const internal = ['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic']
  const quorum =
    replicas === 1
      ? `controller.quorum.bootstrap.servers=127.0.0.1:${controllers[0]}`
      : `controller.quorum.voters=${controllers.map((controller, at) => `${at + 1}@127.0.0.1:${controller}`).join(',')}`
  const more = listeners.map((listener) => `,${listener.name}://127.0.0.1:${listener.port}`).join('')
  const protocols = listeners.map(({ name, protocol }) => `,${name}:${protocol}`).join('')
  return [
    'process.roles=broker,controller',
    `node.id=${id}`,
    `listeners=PLAINTEXT://127.0.0.1:${port}${more},CONTROLLER://127.0.0.1:${controllers[id - 1]}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${advertisedPort}${more}`,
    'controller.listener.names=CONTROLLER',
    `listener.security.protocol.map=PLAINTEXT:PLAINTEXT${protocols},CONTROLLER:PLAINTEXT`,
    quorum,
    `log.dirs=${join(directory, 'log')}`,
    'log.retention.ms=-1',
    'auto.create.topics.enable=false',
    'group.initial.rebalance.delay.ms=0',
    'log.cleaner.dedupe.buffer.size=2097152',
    // Tests wait for compaction.
    'log.cleaner.backoff.ms=200',
    `default.replication.factor=${replicas}`,
    `min.insync.replicas=${Math.min(2, replicas)}`,
    `transaction.state.log.min.isr=${Math.min(2, replicas)}`,
    `share.coordinator.state.topic.min.isr=${Math.min(2, replicas)}`,
    ...internal.flatMap((topic) => [`${topic}.num.partitions=1`, `${topic}.replication.factor=${replicas}`]),
    // A killed broker is to be missed soon.
    'broker.session.timeout.ms=3000',
    'broker.heartbeat.interval.ms=500',
    ...linesOf('', settings),
    ...listeners.flatMap((listener) => linesOf(`listener.name.${listener.name}.`, listener.settings)),
    '',
  ].join('\n')
}

/** A value may have lines of its own, as certificates do. */
function linesOf(prefix: string, settings: Settings): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `${prefix}${name}=${value.replaceAll('\n', '\\n')}`)
}
