import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { beforeEach, describe, it } from 'node:test'
import { previewTable } from '../../connectors/delta/index.ts'
import { type RunOptions, type RunOutcome, runPipeline } from '../../platform/run.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import { appendOrders, pipelinePath, temporaryDirectory } from './order-log.ts'

const ORDERS = 20_000
const SPILL = '.millrace/orders/spill'

/** Runs until caught up; tells how many files of spilled state there were at most. */
async function run(
  options: RunOptions,
  pipeline = 'orders',
): Promise<{ readonly outcome: RunOutcome; readonly files: number }> {
  let files = 0
  const look = (): void => {
    if (existsSync(SPILL)) files = Math.max(files, readdirSync(SPILL).length)
  }
  const job = runPipeline(pipelinePath(pipeline), {
    until: 'caught-up',
    workers: 2,
    epoch: '100ms',
    onRunning: look,
    onCommitted: look,
    ...options,
  })
  return { outcome: await job.done, files }
}

async function keptIds(): Promise<number> {
  const table = await previewTable(systemPorts(), 'table', 10 * ORDERS)
  const ids = new Set((table?.preview ?? []).map(({ id }) => id))
  assert.equal(ids.size, table?.preview.length, 'an id came twice')
  return ids.size
}

describe('a run with little memory for its state', () => {
  beforeEach(async () => {
    process.chdir(temporaryDirectory())
    await appendOrders('.', 0, ORDERS)
  })

  it('moves state to disk, finds it again there, also after a restart, and leaves nothing there', async () => {
    const first = await run({ stateMemory: '600KiB' })
    assert.ok(first.files > 0, 'nothing was moved to disk')
    assert.equal(await keptIds(), ORDERS)
    assert.equal(existsSync(SPILL), false)

    await appendOrders('.', 0, ORDERS + 100)
    const second = await run({ stateMemory: '600KiB' })
    assert.ok(second.files > 0, 'nothing was moved to disk while the state was restored')
    assert.equal(await keptIds(), ORDERS + 100)
    const { operators } = second.outcome.ledger
    assert.deepEqual(operators['raw-deduplicate-1'], {
      in: 2 * ORDERS + 100,
      out: ORDERS + 100,
      dropped: { duplicate: ORDERS },
    })
    assert.deepEqual(second.outcome.imbalances, [])
  })

  it('moves nothing where the state has room', async () => {
    const { files } = await run({})
    assert.equal(files, 0)
  })

  it('refuses a size that is none', async () => {
    await assert.rejects(run({ stateMemory: '2 gigs' as never }), {
      code: 'MR_OPTION_INVALID',
      message: /stateMemory: "2 gigs"/,
    })
    await assert.rejects(run({ stateMemory: 0 }), { code: 'MR_OPTION_INVALID' })
  })

  it('stops where even the least does not fit, and goes on from its checkpoint with more', async () => {
    await assert.rejects(run({ stateMemory: '200KiB' }), {
      code: 'MR_STATE_BUDGET',
      message: /raw-deduplicate-1.*stateMemory/s,
    })
    await run({ stateMemory: '600KiB' })
    assert.equal(await keptIds(), ORDERS)
  })

  it('stops where windows need more, whose state cannot leave memory, and goes on from their checkpoint with more', async () => {
    await assert.rejects(run({ stateMemory: '1MiB' }, 'orders-by-id'), {
      code: 'MR_STATE_BUDGET',
      message: /raw-window-1.*cannot leave it.*stateMemory/s,
    })
    const { outcome } = await run({ stateMemory: '64MiB' }, 'orders-by-id')
    assert.deepEqual(outcome.imbalances, [])
    assert.equal(outcome.ledger.operators['raw-window-1']?.in, ORDERS)
  })
})
