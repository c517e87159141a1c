import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { beforeEach, describe, it } from 'node:test'
import { previewTable } from '../../connectors/delta/index.ts'
import type { RecoveryOutcome } from '../../core/checkpoint/decide-recovery.ts'
import { MillraceError } from '../../core/model/errors.ts'
import type { Progress } from '../../core/observability/progress.ts'
import type { Logger } from '../../core/ports/logger.ts'
import { type Beginning, type RunOptions, type RunOutcome, runPipeline } from '../../platform/run.ts'
import { readStatus } from '../../platform/status/status-file.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import { appendOrders, pipelinePath, temporaryDirectory } from './order-log.ts'

const ports = systemPorts()
const quick = { maxRestarts: 1, windowMs: 60_000, initialDelayMs: 1, maxDelayMs: 1 }

/** Runs until caught up and keeps what it logged. */
async function run(name: string, options: RunOptions = {}) {
  const warnings: Readonly<Record<string, unknown>>[] = []
  const logger: Logger = {
    info: () => undefined,
    warn: (message, fields) => warnings.push({ message, ...fields }),
    error: (message, fields) => warnings.push({ message, ...fields }),
  }
  const job = runPipeline(pipelinePath(name), { until: 'caught-up', workers: 1, restarts: quick, logger, ...options })
  return { outcome: await job.done, warnings }
}

async function idsInTable(): Promise<readonly unknown[]> {
  const table = await previewTable(ports, 'table', 10_000)
  return (table?.preview ?? []).map(({ id }) => id).sort()
}

function orderNumbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number)
}

function orderIds(count: number): readonly string[] {
  return orderNumbers(count)
    .map((number) => `o-${number}`)
    .sort()
}

function offsetsOf({ positions }: RunOutcome): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(positions).map(([split, { offset }]) => [split, offset]))
}

describe('a run on worker threads', () => {
  beforeEach(async () => {
    process.chdir(temporaryDirectory())
    await appendOrders('.', 0, 1_000)
  })

  it('brings each record of the log into the table once, through an exchange, and balances', async () => {
    const { outcome } = await run('orders', { workers: 2 })
    assert.deepEqual(await idsInTable(), orderIds(1_000))
    assert.deepEqual(outcome.imbalances, [])
    assert.equal(outcome.ledger.exchanges['raw-deduplicate-1']?.sent, 1_000)
  })

  it('goes on from its checkpoint at the next start, with fewer workers', async () => {
    await run('orders', { workers: 2 })
    await appendOrders('.', 900, 1_500)
    const decisions: RecoveryOutcome[] = []
    const { outcome } = await run('orders', { onRecovery: (decision) => decisions.push(decision) })
    assert.deepEqual(decisions, [{ kind: 'resume', epoch: 1 }])
    assert.deepEqual(await idsInTable(), orderIds(1_500))
    assert.deepEqual(outcome.ledger.operators['raw-deduplicate-1'], {
      in: 1_600,
      out: 1_500,
      dropped: { duplicate: 100 },
    })
  })

  it('stops at offsets or at a time with exactly the records before them, and the next run goes on there', async () => {
    const { outcome } = await run('orders', { workers: 2, until: { offsets: { 'orders-0': 100, 'orders-1': 250 } } })
    assert.deepEqual(offsetsOf(outcome), { 'orders-0': 100, 'orders-1': 250 })
    const ids = orderNumbers(1_000).filter((n) => (n % 2 === 0 ? n < 200 : n < 500))
    assert.deepEqual(await idsInTable(), ids.map((n) => `o-${n}`).sort())

    const timed = await run('orders', { until: { time: Date.UTC(2026, 0, 1) + 451 } })
    assert.deepEqual(offsetsOf(timed.outcome), { 'orders-0': 226, 'orders-1': 250 }, 'the second split was past it')
    const later = await run('orders', { until: { time: '2026-01-01T00:00:00.700Z' } })
    assert.deepEqual(offsetsOf(later.outcome), { 'orders-0': 350, 'orders-1': 350 })
    assert.deepEqual(await idsInTable(), orderIds(700))

    await run('orders', { until: { time: '2027-01-01T00:00:00Z' } })
    assert.deepEqual(await idsInTable(), orderIds(1_000))
  })

  it('waits for records that are not written yet where it is to stop at an offset behind the end', async () => {
    const appended: Promise<void>[] = []
    await run('orders', {
      until: { offsets: { 'orders-0': 550, 'orders-1': 600 } },
      onProgress: ({ lag }) => {
        if (lag === 0 && appended.length === 0) appended.push(appendOrders('.', 1_000, 1_300))
      },
    })
    assert.equal(appended.length, 1)
    const ids = orderNumbers(1_200).filter((n) => n % 2 === 1 || n < 1_100)
    assert.deepEqual(await idsInTable(), ids.map((n) => `o-${n}`).sort())
  })

  it('stops where the splits ended at the start, though it restarts and more is written', async () => {
    writeFileSync('exit', '')
    const appended: Promise<void>[] = []
    const onRunning = () => {
      const from = 1_000 + 100 * appended.length
      appended.push(appendOrders('.', from, from + 100))
    }
    const { outcome } = await run('worker-exits-once', { onRunning })
    await Promise.all(appended)
    assert.equal(appended.length, 2)
    assert.deepEqual(offsetsOf(outcome), { 'orders-0': 500, 'orders-1': 500 })
    assert.deepEqual(await idsInTable(), orderIds(1_000))
  })

  it('leaves a status that says where it stopped', async () => {
    const { outcome } = await run('orders', { stateDirectory: 'elsewhere' })
    const status = await readStatus(ports.files, 'elsewhere/status.json')
    assert.equal(status?.state, 'stopped')
    assert.equal(status?.epoch, outcome.epoch)
    assert.equal(status?.lag, 0)
    assert.deepEqual(
      status?.checkpoints.map(({ records }) => records),
      [1_000],
    )
    assert.deepEqual(status?.ledger, JSON.parse(JSON.stringify(outcome.ledger)))
  })

  it('restarts from the checkpoint when a function of the pipeline ends its thread', async () => {
    writeFileSync('exit', '')
    const { warnings } = await run('worker-exits-once', { workers: 2 })
    assert.deepEqual(await idsInTable(), orderIds(1_000))
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['MR_WORKER_DIED'],
    )
    assert.match(String(warnings[0]?.message), /worker \d died: worker exited with code: 3/)
  })

  it('treats a rejection that nobody caught in a worker as the death of that worker', async () => {
    await assert.rejects(run('rejects-in-worker'), (error: MillraceError) => {
      assert.equal(error.code, 'MR_RESTARTS_EXHAUSTED')
      assert.match(error.message, /worker \d died: nobody caught this/)
      return true
    })
  })

  it('restarts after an operator threw, then ends with its name, and says so in the status', async () => {
    const beginnings: Beginning[] = []
    const running = run('operator-throws', { onRunning: (beginning) => beginnings.push(beginning) })
    await assert.rejects(running, (error: MillraceError) => {
      assert.equal(error.code, 'MR_RESTARTS_EXHAUSTED')
      assert.match(error.message, /operator "judge" failed at .*offset \d+.*: fifty is too much/)
      return true
    })
    assert.equal(beginnings.length, 2)
    const status = await readStatus(ports.files, '.millrace/operator-throws/status.json')
    assert.equal(status?.state, 'failed')
    assert.equal(status?.error?.code, 'MR_RESTARTS_EXHAUSTED')
    assert.deepEqual(await idsInTable(), [])
  })

  it('drains when asked while it runs for ever: one last epoch, nothing to replay', async () => {
    const job = runPipeline(pipelinePath('orders'), { workers: 1, epoch: '50ms', onCommitted: () => job.drain() })
    const { epoch, positions } = await job.done
    assert.deepEqual(
      Object.values(positions).map(({ offset }) => offset),
      [500, 500],
    )
    const { outcome } = await run('orders')
    assert.ok(outcome.epoch > epoch)
    assert.equal(outcome.ledger.operators['raw-filter-1']?.in, 1_000)
    assert.deepEqual(await idsInTable(), orderIds(1_000))
  })

  it('restores from shared checkpoints alone when the state directory is lost', async () => {
    const shared = { checkpointDirectory: 'shared' }
    await run('orders', { ...shared, stateDirectory: 'host-a' })
    await appendOrders('.', 900, 1_200)
    const { outcome } = await run('orders', { ...shared, stateDirectory: 'host-b' })
    assert.deepEqual(await idsInTable(), orderIds(1_200))
    assert.equal(outcome.ledger.operators['raw-deduplicate-1']?.dropped.duplicate, 100)
  })

  it('ends with the error of a module that cannot be loaded in a worker, without a restart', async () => {
    await assert.rejects(run('throws-in-worker'), (error: MillraceError) => {
      assert.equal(error.code, 'MR_PIPELINE_LOAD')
      assert.match(error.message, /not on this thread/)
      return true
    })
  })

  it('refuses a module that builds another plan in a worker', async () => {
    await assert.rejects(
      run('plan-differs-in-worker', { restarts: { ...quick, maxRestarts: 0 } }),
      (error: MillraceError) => {
        assert.deepEqual([error.code, error.details.lastCode], ['MR_RESTARTS_EXHAUSTED', 'MR_PLAN_MISMATCH'])
        return true
      },
    )
  })

  it('tells between two epochs how far it is', async () => {
    const told: Progress[] = []
    const onProgress = (progress: Progress): void => {
      told.push(progress)
      if (progress.lag === 0) job.drain()
    }
    const job = runPipeline(pipelinePath('orders'), { workers: 2, epoch: '1h', onProgress, progressEvery: '20ms' })
    await job.done
    const last = told.findLast(({ state }) => state === 'running')
    assert.ok(last !== undefined)
    assert.deepEqual([last.pipeline, last.epoch, last.records, last.lag], ['orders', 0, 1_000, 0])
    assert.equal(last.watermark, Date.UTC(2026, 0, 1) + 998 - 5_000)
  })

  it('refuses wrong options before anything is written', async () => {
    await assert.rejects(run('orders', { workers: 0 }), { code: 'MR_OPTION_INVALID' })
    await assert.rejects(run('orders', { epoch: '0s' }), { code: 'MR_OPTION_INVALID' })
    await assert.rejects(run('orders', { progressEvery: '0s' }), { code: 'MR_OPTION_INVALID' })
    await assert.rejects(run('orders', { until: { time: 'noon' } }), { code: 'MR_OPTION_INVALID' })
    await assert.rejects(run('orders', { until: { offsets: { 'orders-0': 5 } } }), { code: 'MR_OPTION_INVALID' })
    assert.equal(await readStatus(ports.files, '.millrace/orders/status.json'), undefined)
  })

  // Last, as its job goes on for a moment.
  it('does not wait for ever for the last epoch of a drain', async () => {
    const failpoints = 'P1-aligned:delay-1000:1'
    const options: RunOptions = { workers: 1, drainTimeout: '20ms', failpoints, onRunning: () => job.drain() }
    const job = runPipeline(pipelinePath('orders'), options)
    await assert.rejects(job.done, { code: 'MR_DRAIN_TIMEOUT', exitCode: 6 })
  })
})

describe('a module that is no pipeline', () => {
  const refused = [
    { name: 'throws-at-import', code: 'MR_PIPELINE_LOAD', says: /TypeError: this module cannot be imported/ },
    { name: 'no-pipeline', code: 'MR_PIPELINE_INVALID', says: /no default export made by pipeline\(\)/ },
    { name: 'absent', code: 'MR_PIPELINE_LOAD', says: /there is no pipeline module/ },
  ]
  for (const { name, code, says } of refused) {
    it(`is refused by name: ${name}`, async () => {
      await assert.rejects(run(name), (error: unknown) => {
        assert.ok(error instanceof MillraceError)
        assert.equal(error.code, code)
        assert.match(error.message, says)
        return true
      })
    })
  }
})
