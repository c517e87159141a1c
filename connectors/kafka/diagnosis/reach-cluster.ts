import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import { checked, type Finding, failure } from '../../../core/ports/diagnosis.ts'
import { addressOf, type BrokerAddress, nameOf } from '../client/broker-address.ts'
import type { BrokerInspection, BrokerLine } from '../client/broker-line.ts'
import type { KafkaClient } from '../client/kafka-client.ts'
import { type ClientSettings, openClient } from '../client/open-client.ts'
import { apiVersions, metadata, type Offered } from './cluster-questions.ts'
import { missingText, releaseText } from './kafka-version.ts'
import { ask } from './question.ts'

/** A cluster that can be asked, broker by broker. */
export interface Cluster {
  readonly ports: ConnectorPorts
  readonly client: KafkaClient
  /** One of the bootstrap brokers, with the versions that it offers. */
  readonly first: BootstrapBroker
  /** By the id of the node, as far as the broker is where it says. */
  readonly lines: ReadonlyMap<number, BrokerLine>
}

interface BootstrapBroker {
  readonly name: string
  readonly line: BrokerLine
  readonly offered: Offered
}

/**
 * Looks whether each bootstrap broker answers, and each broker of the cluster where it is advertised; then has `look` ask what else
 * there is to ask. Whatever was opened is closed at the end.
 */
export async function reachCluster(
  ports: ConnectorPorts,
  settings: ClientSettings,
  look: (cluster: Cluster) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const client = await openClient(ports, settings)
  const { inspection } = client
  if (inspection === undefined) {
    await client.close()
    return [UNTOLD]
  }
  const lines = new OpenLines(inspection)
  try {
    const { brokers } = settings.connection
    const { findings, answering } = await reachBootstrap(ports, { inspection, lines, brokers })
    const [first] = answering
    if (first === undefined) return findings
    const advertised = await reachAdvertised(ports, lines, answering)
    const cluster = { ports, client, first, lines: advertised.lines }
    return [...findings, ...advertised.findings, ...(await look(cluster))]
  } finally {
    await lines.close()
    await client.close()
  }
}

/** A client of the user's own need not know how to be asked. */
const UNTOLD: Finding = {
  kind: 'warning',
  subject: 'client',
  found: 'this client has no inspection, so nothing was asked of the cluster',
  advice: 'look with the client "platformatic" once, or give the client an inspection',
}

/** Closes what was opened, also what is opened when nobody waits for it any more. */
class OpenLines {
  readonly #inspection: BrokerInspection
  readonly #open: BrokerLine[] = []
  #isClosed = false

  constructor(inspection: BrokerInspection) {
    this.#inspection = inspection
  }

  async connect(broker: BrokerAddress): Promise<BrokerLine> {
    const line = await this.#inspection.line(broker)
    if (this.#isClosed) await line.close()
    else this.#open.push(line)
    return line
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const line of this.#open) await line.close()
  }
}

async function reachBootstrap(
  { clock }: ConnectorPorts,
  of: { readonly inspection: BrokerInspection; readonly lines: OpenLines; readonly brokers: readonly string[] },
) {
  const answering: BootstrapBroker[] = []
  const looks = of.brokers.map((name) => {
    const subject = `broker ${name}`
    return checked({ clock, subject, late: 'MR_KAFKA_UNREACHABLE' }, async () => {
      const line = await of.lines.connect(addressOf(name))
      const offered = await ask(line, apiVersions())
      answering.push({ name, line, offered })
      return [versionFinding(subject, missingText(of.inspection.needs, offered), releaseText(offered))]
    })
  })
  const findings = (await Promise.all(looks)).flat()
  return { findings: answering.length === 0 ? findings : findings.map(withOthers), answering }
}

function versionFinding(subject: string, missing: string, release: string): Finding {
  if (missing === '') return { kind: 'ok', subject, found: `it answers: ${release}` }
  return failure(subject, 'MR_KAFKA_UNSUPPORTED', `${missing}; it is ${release}, and 3.1 or later is needed`)
}

/** One bootstrap broker that answers is enough for a job. */
function withOthers(finding: Finding): Finding {
  if (finding.kind !== 'failed' || finding.code === 'MR_KAFKA_UNSUPPORTED') return finding
  const { subject, found, advice } = finding
  return { kind: 'warning', subject, found: `${found}; others answer, so a job can start`, advice }
}

const ADVERTISED = 'advertised listeners'

async function reachAdvertised({ clock }: ConnectorPorts, opened: OpenLines, answering: readonly BootstrapBroker[]) {
  const lines = new Map<number, BrokerLine>()
  const known = new Map(answering.map(({ name, line }) => [name, line]))
  const check = { clock, subject: ADVERTISED, late: 'MR_KAFKA_UNREACHABLE' } as const
  let brokers: ReadonlyMap<number, BrokerAddress> = new Map()
  const told = await checked(check, async () => {
    brokers = (await ask(answering[0]!.line, metadata([]))).brokers
    return []
  })
  const looks = [...brokers].map(async ([node, address]) => {
    const reached = await checked(check, async () => {
      lines.set(node, known.get(nameOf(address)) ?? (await answeringLine(opened, address)))
      return []
    })
    return reached.map((finding) => misadvertised(finding, node, address))
  })
  const failed = [...told, ...(await Promise.all(looks)).flat()]
  return { findings: failed.length > 0 ? failed : [allReached([...brokers.values()])], lines }
}

async function answeringLine(opened: OpenLines, address: BrokerAddress): Promise<BrokerLine> {
  const line = await opened.connect(address)
  await ask(line, apiVersions())
  return line
}

const MOST_NAMES = 6

function allReached(brokers: readonly BrokerAddress[]): Finding {
  const names = brokers.slice(0, MOST_NAMES).map(nameOf).join(', ')
  const found = `every broker is reached where it says: ${names}${brokers.length > MOST_NAMES ? ', …' : ''}`
  return { kind: 'ok', subject: ADVERTISED, found }
}

function misadvertised(finding: Finding, node: number, address: BrokerAddress): Finding {
  if (finding.kind !== 'failed') return finding
  const found = `broker ${node} tells clients to connect to ${nameOf(address)}, which fails from here: ${finding.found}`
  const advice = 'mend advertised.listeners of that broker, or let this host reach that address'
  return { ...finding, found, advice }
}
