import type { LogicalPlan, PlanNode } from '../../core/dataflow/logical-plan.ts'
import type { Pipeline } from '../../core/dataflow/pipeline.ts'
import type { Position } from '../../core/model/position.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import { checked, type Finding } from '../../core/ports/diagnosis.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { type JobPlace, jobPlace } from '../job-place.ts'
import { planPipeline } from '../plan-pipeline.ts'
import { type JobStatus, readStatus } from '../status/status-file.ts'
import { systemPorts } from '../system/system-ports.ts'
import { directoryFindings, nodeFinding } from './machine-checks.ts'
import { ownerFindings, planFindings, sharedFindings, storedFindings } from './state-checks.ts'

/** A finding with the part of the job that it is about: the id of a source or sink, or what all of them stand on. */
export type PartFinding = Finding & { readonly part: string }

export interface DiagnosisOptions {
  readonly logger: Logger
  /** Where state is kept. Default: what the pipeline says, else `.millrace/<pipeline>`. */
  readonly stateDirectory?: string
  /** Directory for shared checkpoints, where the job is to have one. */
  readonly checkpointDirectory?: string
}

/**
 * Checks what a run of the pipeline needs, in the order in which the run would meet it, without running it or changing anything. What
 * is wrong is a finding, never an error; only a pipeline that cannot be planned throws.
 */
export async function diagnosePipeline(pipeline: Pipeline, options: DiagnosisOptions): Promise<readonly PartFinding[]> {
  const subject: Subject = {
    ports: systemPorts({ pipeline: pipeline.name, logger: options.logger }),
    plan: planPipeline(pipeline).logical,
    place: jobPlace(pipeline, options.stateDirectory),
    status: undefined,
    topics: new Map(),
  }
  const findings: PartFinding[] = []
  const stages = [groundChecks(subject), stateChecks(subject, options), sourceChecks(subject), sinkChecks(subject)]
  for (const stage of stages) {
    const found = await Promise.all(stage.map((check) => perform(check, subject.ports)))
    findings.push(...found.flat())
  }
  return eachOnce(findings)
}

/** What is diagnosed; the later checks need what the earlier ones found. */
interface Subject {
  readonly ports: ConnectorPorts
  readonly plan: LogicalPlan
  readonly place: JobPlace
  status: JobStatus | undefined
  /** Topics that each source reads. */
  readonly topics: Map<string, readonly string[]>
}

interface PartCheck {
  readonly part: string
  readonly name: string
  readonly limitMs?: number
  readonly work: () => Promise<readonly Finding[]>
}

/** A connector bounds each of its checks by itself; this is for one that does not. */
const CONNECTOR_MS = 60_000

function groundChecks(subject: Subject): readonly PartCheck[] {
  const { ports, place } = subject
  return [
    { part: 'machine', name: 'Node.js', work: async () => [nodeFinding()] },
    { part: 'state', name: 'directory', work: async () => directoryFindings('directory', place.directory) },
    {
      part: 'state',
      name: 'last run',
      work: async () => {
        subject.status = await readStatus(ports.files, place.status)
        return storedFindings(subject.plan, subject.status)
      },
    },
  ]
}

function stateChecks(subject: Subject, { checkpointDirectory }: DiagnosisOptions): readonly PartCheck[] {
  const { ports, plan } = subject
  const shared: PartCheck[] =
    checkpointDirectory === undefined
      ? []
      : [{ part: 'state', name: 'shared checkpoints', work: () => sharedFindings(ports, checkpointDirectory) }]
  return [
    { part: 'state', name: 'owner', work: async () => ownerFindings(subject.status) },
    { part: 'state', name: 'plan', work: async () => planFindings(plan, subject.status) },
    ...shared,
  ]
}

function sourceChecks(subject: Subject): readonly PartCheck[] {
  return [...subject.plan.specs.sources].map(([id, spec]) =>
    connectorCheck(id, async () => {
      const positions = positionsOf(subject)
      const diagnosis = await spec.diagnose?.({ ...subject.ports, positions })
      subject.topics.set(id, diagnosis?.topics ?? [])
      return diagnosis?.findings ?? []
    }),
  )
}

function sinkChecks(subject: Subject): readonly PartCheck[] {
  const { specs, nodes } = subject.plan
  return nodes.flatMap((node) => {
    if (node.kind !== 'sink') return []
    const context = contextOf(subject, node)
    const records = specs.sinks.get(node.id)
    const letters = specs.deadLetters.get(node.id)
    return connectorCheck(node.id, async () => {
      const topics = subject.topics.get(node.upstream) ?? []
      return (await (records?.diagnose?.(context) ?? letters?.diagnose?.(context, topics))) ?? []
    })
  })
}

function contextOf({ ports, place }: Subject, node: PlanNode) {
  const schema = 'schema' in node ? node.schema : { fields: [] }
  return { ...ports, sink: node.id, schema, outbox: place.outbox }
}

function connectorCheck(part: string, work: PartCheck['work']): PartCheck {
  return { part, name: 'connector', limitMs: CONNECTOR_MS, work }
}

/** As of the last committed epoch, if it is of this pipeline. */
function positionsOf({ status, plan }: Subject): ReadonlyMap<string, Position> {
  return new Map(status?.pipeline === plan.pipeline ? Object.entries(status.splits) : [])
}

async function perform({ part, name, work, limitMs }: PartCheck, { clock }: ConnectorPorts) {
  const check = { clock, subject: name, late: 'MR_FILE_IO', ...(limitMs === undefined ? {} : { limitMs }) } as const
  return (await checked(check, work)).map((finding): PartFinding => ({ part, ...finding }))
}

/** What a source and its sinks find of one cluster is said once. */
function eachOnce(findings: readonly PartFinding[]): readonly PartFinding[] {
  const texts = findings.map(({ part: _, ...finding }) => JSON.stringify(finding))
  return findings.filter((_, index) => texts.indexOf(texts[index]!) === index)
}
