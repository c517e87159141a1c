import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LogRecord, PartitionedLog } from '../../connectors/log/index.ts'
import type { FailpointName } from '../../core/ports/failpoint.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import { spawnCommand } from '../cli/run-command.ts'
import {
  append,
  codeOf,
  copyIds,
  enterNewDirectory,
  order,
  pipelinePath,
  recordOf,
  run,
  tableIds,
  textOf,
  topicRecords,
} from './scene.ts'

function idsOf(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => `o-${String(from + index).padStart(4, '0')}`)
}

function feed(from: number, to: number, place: { readonly partitions?: number; readonly partition?: number } = {}) {
  return append(
    'orders',
    idsOf(from, to).map((id) => recordOf(order(id))),
    place,
  )
}

async function assertWhole(orders: number): Promise<void> {
  assert.deepEqual(await tableIds(), idsOf(0, orders))
  assert.deepEqual(await copyIds(), idsOf(0, orders))
}

async function assertRefused(code: string, running: Promise<unknown>): Promise<void> {
  await assert.rejects(running, (error: unknown) => {
    assert.equal(codeOf(error), code, String(error))
    return true
  })
}

describe('a topic that is not what the job expects', () => {
  beforeEach(() => enterNewDirectory())

  it('has 64 partitions of which 63 are empty', async () => {
    await feed(0, 50, { partitions: 64, partition: 63 })
    await run('everything', { workers: 2 })
    await assertWhole(50)
  })

  it('is empty, then is not', async () => {
    await new PartitionedLog(systemPorts(), 'log').createTopic('orders', 2)
    await run('everything')
    await feed(0, 20)
    await run('everything')
    await assertWhole(20)
  })

  it('was deleted, and created anew with as many records', async () => {
    await feed(0, 20)
    await run('everything')
    rmSync('log/orders', { recursive: true })
    await assertRefused('MR_LOG_TOPIC_UNKNOWN', run('everything'))
    await feed(0, 20)
    await assertRefused('MR_SOURCE_REPLACED', run('everything'))
    await assertWhole(20)
  })

  it('ends before the position of the checkpoint', async () => {
    await feed(0, 10)
    cpSync('log', 'before', { recursive: true })
    await feed(10, 20)
    await run('everything')
    rmSync('log/orders', { recursive: true })
    cpSync('before/orders', 'log/orders', { recursive: true })
    await assertRefused('MR_POSITION_LOST', run('everything'))
    await assertWhole(20)
  })

  it('spreads over 1,100 partitions of a table at once', async () => {
    const orders = idsOf(0, 1_100).map((id) => recordOf(order(id, { region: id })))
    await append('orders', orders, { partitions: 1 })
    await run('everything')
    await assertWhole(1_100)
  })
})

describe('a process', () => {
  /** Stalled at these points: before state, before and between sinks, after all. */
  const points: readonly FailpointName[] = ['P2-staging', 'P3-prepared', 'P5-sink-committed', 'P9-collecting']
  for (const point of points) {
    it(`that is stopped, continued and told to end at ${point} ends with 0 and leaves nothing to replay`, async () => {
      const directory = enterNewDirectory()
      await feed(0, 100)
      const traps = `${point}:delay-600:1,trace:${directory}/trace`
      const argv = ['run', pipelinePath('everything'), '--workers', '1', '--epoch', '200ms']
      const job = spawnCommand(directory, argv, { MILLRACE_FAIL: traps })
      await job.says('runs from the start')
      while (!readFileSync('trace', 'utf8').includes(point)) await sleep(5)
      job.child.kill('SIGSTOP')
      job.child.kill('SIGCONT')
      job.child.kill('SIGTERM')
      const { code, stderr } = await job.finished
      assert.equal(code, 0, stderr)
      await assertWhole(100)
      const { ledger } = await run('everything')
      assert.equal(ledger.splits['orders-0']?.consumed, 100)
    })
  }

  it('that cannot write any more names the file, and a start with room for it brings every record to its place', async () => {
    enterNewDirectory()
    await append(
      'orders',
      idsOf(0, 2_000).map((id) => recordOf(order(id, { note: id.repeat(60) }))),
    )
    // A limit on the size of files stands for a full disk.
    const limited = `trap '' XFSZ; ulimit -f 256; exec "$0" "$@"`
    const bin = join(import.meta.dirname, '../../bin/millrace.js')
    const argv = [
      '-C',
      'millrace-source',
      bin,
      'run',
      pipelinePath('everything'),
      '--until-caught-up',
      '--workers',
      '1',
    ]
    const { status, stderr } = spawnSync('bash', ['-c', limited, process.execPath, ...argv], { encoding: 'utf8' })
    assert.equal(status, 1, stderr)
    assert.match(stderr, /MR_RESTARTS_EXHAUSTED: .*: EFBIG: file too large/)
    assert.deepEqual(await copyIds(), [])
    await run('everything')
    await assertWhole(2_000)
  })

  it('that is killed while it appends a slow pipe to a topic loses nothing that a reader saw, and the next goes on', async () => {
    const directory = enterNewDirectory()
    const log = new PartitionedLog(systemPorts(), 'log')
    await log.createTopic('lines', 2)
    const appending = spawnCommand(directory, ['log', 'append', 'lines', '--directory', 'log'])
    let line = 0
    let seen: readonly LogRecord[] = []
    while (seen.length < 400) {
      appending.child.stdin?.write(Array.from({ length: 50 }, () => `${line++}\n`).join(''))
      await sleep(10)
      seen = await topicRecords('lines')
    }
    appending.child.kill('SIGKILL')
    await appending.finished
    await append('lines', [recordOf('after')])
    const found = await topicRecords('lines')
    for (const partition of [0, 1]) {
      const values = found.filter((record) => record.partition === partition).map(({ value }) => textOf(value))
      const lines = partition === 0 ? values.slice(0, -1) : values
      // Lines without a key are dealt in turn: each partition holds every second one, up to where the tail was cut.
      assert.deepEqual(
        lines,
        Array.from(lines, (_, index) => String(2 * index + partition)),
      )
      assert.ok(lines.length >= seen.filter((record) => record.partition === partition).length)
    }
    assert.equal(found.filter(({ value }) => textOf(value) === 'after').length, 1)
  })
})
