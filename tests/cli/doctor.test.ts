import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { PartitionedLog } from '../../connectors/log/index.ts'
import { nodeFinding } from '../../platform/doctor/machine-checks.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'
import { appendOrders, pipelinePath, temporaryDirectory } from '../platform/order-log.ts'
import { runCommand, spawnCommand } from './run-command.ts'

const orders = pipelinePath('orders')

interface Check {
  readonly part: string
  readonly kind: string
  readonly subject: string
  readonly found: string
  readonly code?: string
  readonly advice?: string
}

async function doctor(...flags: readonly string[]) {
  const { code, stdout, stderr } = await runCommand(['doctor', orders, '--json', ...flags])
  const result: { readonly schemaVersion: number; readonly command: string; readonly checks: readonly Check[] } =
    JSON.parse(stdout)
  assert.deepEqual([result.schemaVersion, result.command], [1, 'doctor'])
  const failed = result.checks.filter(({ kind }) => kind === 'failed')
  const of = (part: string, subject: string): Check => {
    const check = result.checks.find((one) => one.part === part && one.subject === subject)
    assert.ok(check !== undefined, stdout)
    return check
  }
  return { code, stderr, failed, of, checks: result.checks }
}

/** Every file below `directory` with content and time of its last change. */
function everything(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => {
    const path = join(directory, name)
    const stats = statSync(path)
    return `${name} ${stats.mtimeMs} ${stats.isFile() ? readFileSync(path, 'base64') : ''}`
  })
}

async function runOnce(): Promise<void> {
  const { code, stderr } = await runCommand(['run', orders, '--until-caught-up', '--workers', '1'])
  assert.equal(code, 0, stderr)
}

describe('doctor', () => {
  beforeEach(async () => {
    process.chdir(temporaryDirectory())
    await appendOrders('.', 0, 10)
  })

  it('finds everything in order before the first run and after it, and changes nothing', async () => {
    const before = await doctor('--checkpoints', 'shared')
    assert.deepEqual([before.code, before.stderr, before.failed], [0, '', []])
    assert.match(before.of('state', 'last run').found, /^none/)
    assert.match(before.of('table', 'table table').found, /^not there yet/)
    await runOnce()
    const files = everything('.')
    const after = await doctor('--checkpoints', 'shared')
    assert.deepEqual([after.code, after.failed], [0, []])
    assert.match(after.of('state', 'last run').found, /^epoch 1, written 20/)
    assert.match(after.of('state', 'plan').found, /fits/)
    assert.match(after.of('raw', 'positions in orders').found, /partitions: 2/)
    assert.match(after.of('table', 'table table').found, /^version 1, id .*fit its columns/)
    assert.deepEqual(everything('.'), files)
  })

  it('prints a table that says what was found and what to do', async () => {
    rmSync('log', { recursive: true })
    const { code, stdout, stderr } = await runCommand(['doctor', orders])
    assert.equal(code, 7)
    assert.match(stdout, /^orders {2}6 ok, 0 warnings, 1 failed\n/)
    assert.match(stdout, /\nok +machine +Node\.js +\d+\.\d+/)
    assert.match(stdout, /\nfailed +raw +topic orders +topic "orders" does not exist.*\n +→ .*create it/)
    assert.match(stderr, /^MR_LOG_TOPIC_UNKNOWN: raw, topic orders: /)
  })

  it('finds that the topic was created anew since the last epoch', async () => {
    await runOnce()
    rmSync('log', { recursive: true })
    await appendOrders('.', 0, 10)
    const { code, failed } = await doctor()
    assert.equal(code, 1)
    assert.deepEqual(
      failed.map(({ part, code }) => [part, code]),
      [['raw', 'MR_SOURCE_REPLACED']],
    )
  })

  it('finds a table of other columns', async () => {
    await runOnce()
    rmSync('.millrace', { recursive: true })
    const path = 'table/_delta_log/00000000000000000000.json'
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('amount', 'sum'))
    const { code, failed } = await doctor()
    assert.deepEqual([code, failed.map((check) => check.code)], [4, ['MR_DELTA_SCHEMA']])
  })

  it('finds stored state that the pipeline would lose, and state of another pipeline', async () => {
    await runOnce()
    const forgetful = await runCommand(['doctor', pipelinePath('orders-forgetful')])
    assert.equal(forgetful.code, 4)
    assert.match(forgetful.stderr, /^MR_PLAN_INCOMPATIBLE: state, plan: /)
    const other = await runCommand(['doctor', pipelinePath('operator-throws'), '--state', '.millrace/orders'])
    assert.equal(other.code, 1)
    assert.match(other.stderr, /^MR_CHECKPOINT_FOREIGN: state, last run: it was one of pipeline "orders"/)
  })

  it('names the process that runs the pipeline, as a warning', async () => {
    const job = spawnCommand(process.cwd(), ['run', orders, '--workers', '1', '--epoch', '100ms'])
    await job.says('orders runs from the start')
    let owner = await doctor()
    // The file of the job comes a moment after its first line.
    for (let looks = 0; looks < 100 && !owner.checks.some(({ subject }) => subject === 'owner'); looks++)
      owner = await doctor()
    const { kind, found } = owner.of('state', 'owner')
    assert.deepEqual([owner.code, kind, found], [0, 'warning', `process ${job.child.pid} runs the pipeline now`])
    job.child.kill('SIGKILL')
    await job.finished
    assert.match((await doctor()).of('state', 'owner').found, /^no process: \d+ died/)
  })

  it('finds a topic of refused records where it is', async () => {
    await new PartitionedLog(systemPorts(), 'log').createTopic('orders.dlq', 3)
    assert.match((await doctor()).of('raw-dead-letters', 'topic orders.dlq').found, /^partitions: 3, id /)
  })

  it('finds a state directory that cannot be made', async () => {
    writeFileSync('file', '')
    const { code, failed } = await doctor('--state', 'file/state')
    assert.deepEqual([code, failed.map((check) => check.code)], [1, ['MR_FILE_IO']])
  })
})

it('an old Node.js is a failed check', () => {
  assert.equal(nodeFinding('22.22.0').kind, 'ok')
  assert.equal(nodeFinding('24.0.0').kind, 'ok')
  const old = nodeFinding('22.21.9')
  assert.deepEqual([old.kind, old.found], ['failed', '22.21.9; 22.22 or newer is needed'])
})
