import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type KafkaClientChoice,
  type KafkaSourceOptions,
  type KafkaTopicOptions,
  kafka,
  kafkaTopic,
} from '../../connectors/kafka/index.ts'
import { contract, integer, type Pipeline, pipeline } from '../../core/index.ts'
import { diagnosePipeline, type PartFinding } from '../../platform/doctor/diagnose-pipeline.ts'
import { BROKERS, topicName } from './kafka-fixture.ts'

const numbered = contract('numbered', { n: integer() })

export interface Parts {
  readonly source: Partial<KafkaSourceOptions<unknown>>
  readonly sink?: Partial<KafkaTopicOptions>
  readonly brokers?: string
  readonly client?: KafkaClientChoice
  readonly name?: string
}

/** Where the pipelines of a test process keep their state; only a run makes it. */
export const stateRoot = join(tmpdir(), `millrace-doctor-${process.pid}`)

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** What `millrace doctor` finds of a pipeline, or of one that has these parts. */
export async function diagnosed(parts: Parts | Pipeline) {
  const examined = 'build' in parts ? parts : pipelineOf(parts)
  const stateDirectory = join(stateRoot, examined.name)
  const checks = await diagnosePipeline(examined, { logger: silent, stateDirectory })
  const of = (part: string, subject: string): PartFinding => {
    const check = checks.find((one) => one.part === part && one.subject.startsWith(subject))
    assert.ok(check !== undefined, JSON.stringify(checks))
    return check
  }
  return { checks, of, wrong: checks.filter(({ kind }) => kind !== 'ok') }
}

/** Kind, code and text of a finding. */
export function told(finding: PartFinding): readonly string[] {
  return [finding.kind, finding.kind === 'failed' ? finding.code : '', finding.found]
}

function pipelineOf({ source, sink = {}, brokers = BROKERS, client = 'platformatic', name }: Parts): Pipeline {
  return pipeline(name ?? topicName('doctored').replaceAll('.', '-'), ({ from }) => {
    const reached = { brokers, client }
    from('in', kafka({ ...reached, topics: 'none', contract: numbered, ...source })).to(
      'out',
      kafkaTopic({ ...reached, topic: topicName('doctored.out'), createPartitions: 2, ...sink }),
    )
  })
}
