import assert from 'node:assert/strict'
import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { previewTable } from '../../connectors/delta/index.ts'
import { type LogRecord, PartitionedLog, tailTopic } from '../../connectors/log/index.ts'
import type { MillraceError } from '../../core/model/errors.ts'
import type { FailpointName } from '../../core/ports/failpoint.ts'
import type { EncodableRecord } from '../../formats/record-batch/encode.ts'
import { type RunOptions, type RunOutcome, runPipeline } from '../../platform/run.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const ports = systemPorts()
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** The hour in which the records of these tests happen. */
export const NOON = Date.UTC(2026, 0, 1, 12)

/** A new directory that becomes the current one. */
export function enterNewDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-'))
  process.chdir(directory)
  return directory
}

/** A copy of a directory that becomes the current one. */
export function enterCopyOf(directory: string): string {
  const copy = enterNewDirectory()
  cpSync(directory, copy, { recursive: true })
  return copy
}

/** Path of a pipeline module of these tests. */
export function pipelinePath(name: string): string {
  return join(import.meta.dirname, 'pipelines', `${name}.ts`)
}

/** Runs until caught up on one worker, without restarts. What follows a `?` in the name is for the module to read. */
export function run(name: string, options: RunOptions = {}): Promise<RunOutcome> {
  const [module = '', query = ''] = name.split('?')
  const url = pathToFileURL(pipelinePath(module))
  url.search = query
  const restarts = { maxRestarts: 0, windowMs: 60_000, initialDelayMs: 1, maxDelayMs: 1 }
  return runPipeline(url, { until: 'caught-up', workers: 1, restarts, logger: silent, ...options }).done
}

/** Runs until a failpoint throws; what is on disk then is what a crash there leaves. */
export async function runUntil(failpoint: FailpointName, name: string, options: RunOptions = {}): Promise<void> {
  await assert.rejects(run(name, { ...options, failpoints: `${failpoint}:throw:1` }), (error: unknown) =>
    String(error).includes(failpoint),
  )
}

/** The code that says what happened: that of the last failure where restarts are exhausted. */
export function codeOf(error: unknown): string {
  const { code, details } = error as MillraceError
  return code === 'MR_RESTARTS_EXHAUSTED' ? String(details.lastCode) : code
}

/** Value of a record that keeps the contract of these pipelines. */
export function order(id: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ id, region: 'eu', cents: 100, at: new Date(NOON).toISOString(), ...more })
}

/** A record with this value, `null` being a tombstone. */
export function recordOf(value: string | Uint8Array | null, key: string | null = null): EncodableRecord {
  const bytes = typeof value === 'string' ? encoder.encode(value) : value
  return { timestamp: NOON, key: key === null ? null : encoder.encode(key), value: bytes, headers: [] }
}

/** Appends records to a topic in `log`, made where absent. */
export async function append(
  topic: string,
  records: readonly EncodableRecord[],
  place: { readonly partitions?: number; readonly partition?: number } = {},
): Promise<void> {
  const log = new PartitionedLog(ports, 'log')
  if ((await log.findTopic(topic)) === undefined) await log.createTopic(topic, place.partitions ?? 2)
  const appender = await log.openAppender(topic)
  await appender.append(place.partition ?? 0, records)
  await appender.sync()
  await appender.close()
}

/** All records of a topic in `log`; none where there is no topic. */
export async function topicRecords(topic: string): Promise<readonly LogRecord[]> {
  const log = new PartitionedLog(ports, 'log')
  if ((await log.findTopic(topic)) === undefined) return []
  const records: LogRecord[] = []
  for await (const record of tailTopic(log, topic)) records.push(record)
  return records
}

export function textOf(bytes: Uint8Array | null | undefined): string {
  return bytes === null || bytes === undefined ? '' : decoder.decode(bytes)
}

/** The last header of that name, as text. */
export function headerOf(record: LogRecord, key: string): string {
  return textOf(record.headers.findLast((header) => header.key === key)?.value)
}

/** Ids in the table, sorted, each as often as it is there. */
export async function tableIds(table = 'table'): Promise<readonly string[]> {
  const preview = await previewTable(ports, table, 1_000_000)
  return (preview?.preview ?? []).map(({ id }) => String(id)).sort()
}

/** Ids in the topic `copy`, sorted, each as often as it is there. */
export async function copyIds(topic = 'copy'): Promise<readonly string[]> {
  const records = await topicRecords(topic)
  return records.map(({ value }) => String((JSON.parse(textOf(value)) as { readonly id: unknown }).id)).sort()
}
