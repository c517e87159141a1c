import { type RunOutcome, runPipeline } from '../../platform/run.ts'
import { textRecord } from '../connectors/log/log-fixture.ts'
import { textOf, topicRecords } from '../sabotage/scene.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Records that the contract of the job takes, numbered from `from` on. */
export function numbered(from: number, count: number) {
  return Array.from({ length: count }, (_, i) => textRecord(`{"n":${from + i}}`))
}

export function numbersFrom(from: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}

/** Copies what is new in a topic of Kafka to a log in the current directory, from the checkpoint there on. */
export function runCopy(of: {
  readonly brokers: string
  readonly topic: string
  readonly client?: 'platformatic' | 'kafkajs'
}): Promise<RunOutcome> {
  const module = new URL('./pipelines/copy.ts', import.meta.url)
  module.search = String(new URLSearchParams(of))
  const restarts = { maxRestarts: 0, windowMs: 60_000, initialDelayMs: 1, maxDelayMs: 1 }
  return runPipeline(module, { until: 'caught-up', workers: 1, restarts, logger: silent }).done
}

/** The numbers that were copied so far. */
export async function copied(): Promise<readonly number[]> {
  const records = await topicRecords('copy')
  return records.map(({ value }): number => JSON.parse(textOf(value)).n)
}
