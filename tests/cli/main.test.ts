import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { appendOrders, pipelinePath, temporaryDirectory } from '../platform/order-log.ts'
import { runCommand, spawnCommand } from './run-command.ts'

const orders = pipelinePath('orders')

function object(text: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(text)
  assert.ok(typeof parsed === 'object' && parsed !== null)
  return { ...parsed }
}

describe('the command line', () => {
  before(() => process.chdir(temporaryDirectory()))

  const endings = [
    { argv: ['--help'], code: 0, stdout: /Usage: millrace/ },
    { argv: ['--version'], code: 0, stdout: /^\d+\.\d+\.\d+/ },
    { argv: [], code: 2, stderr: /Usage: millrace/ },
    { argv: ['rnu', 'x'], code: 2, stderr: /^MR_USAGE: unknown command 'rnu' \(Did you mean run\?\)/ },
    { argv: ['run'], code: 2, stderr: /^MR_USAGE: missing required argument 'file'/ },
    { argv: ['run', 'x.ts', '--worker', '2'], code: 2, stderr: /^MR_USAGE: unknown option .*Did you mean --workers/ },
    { argv: ['run', 'x.ts', '--workers', '0'], code: 2, stderr: /^MR_USAGE: .*whole number from 1/ },
    { argv: ['run', 'x.ts', '--epoch', 'soon'], code: 2, stderr: /^MR_USAGE: .*500ms, 30s/ },
    { argv: ['run', 'x.ts', '--until-time', 'noon'], code: 2, stderr: /^MR_USAGE: .*epoch ms, or for example 2026/ },
    { argv: ['run', 'x.ts', '--until-offsets', 'orders'], code: 2, stderr: /^MR_USAGE: .*"orders" is no split with/ },
    {
      argv: ['run', 'x.ts', '--until-offsets', 'orders-0=1', '--until-caught-up'],
      code: 2,
      stderr: /^MR_USAGE: .*'--until-offsets <list>' cannot be used with option '--until-caught-up'/,
    },
    {
      argv: ['run', 'x.ts', '--until-caught-up', '--until-time', '0'],
      code: 2,
      stderr: /^MR_USAGE: .*'--until-time <time>' cannot be used with option '--until-caught-up'/,
    },
    {
      argv: ['run', 'x.ts', '--until-time', '0', '--until-offsets', 'orders-0=1'],
      code: 2,
      stderr: /^MR_USAGE: .*'--until-time <time>' cannot be used with option '--until-offsets <list>'/,
    },
    { argv: ['run', 'x.ts'], code: 2, stderr: /^MR_PIPELINE_LOAD: there is no pipeline module/ },
    { argv: ['run', orders, '--sink', 'fork'], code: 2, stderr: /^MR_NOT_YET: `run --sink fork`/ },
    { argv: ['run', orders, '--sink', 'spoon'], code: 2, stderr: /^MR_USAGE: --sink is restore or fork/ },
    { argv: ['savepoint', 'create', '--x'], code: 2, stderr: /^MR_NOT_YET: `millrace savepoint`/ },
    { argv: ['plan', pipelinePath('throws-at-import')], code: 2, stderr: /^MR_PIPELINE_LOAD: .*cannot be imported/ },
    { argv: ['status', 'nobody'], code: 1, stderr: /^MR_FILE_MISSING: no job "nobody" has run/ },
    { argv: ['checkpoint', 'verify', 'nobody'], code: 1, stderr: /^MR_FILE_MISSING: no job has kept state/ },
    { argv: ['checkpoint', 'abandon', 'nobody'], code: 2, stderr: /^MR_USAGE: .*needs the module/ },
    { argv: ['log', 'tail', 'nothing'], code: 7, stderr: /^MR_LOG_TOPIC_UNKNOWN: .*\n {2}`millrace log ls`/ },
    { argv: ['log', 'create', 'a/b'], code: 2, stderr: /^MR_OPTION_INVALID: topic "a\/b"/ },
    {
      argv: ['log', 'mirror', 'x', '--from', 'soon'],
      code: 2,
      stderr: /^MR_USAGE: .*earliest, latest, an offset, or a time/,
    },
    { argv: ['log', 'mirror', 'x', '--from', '2026-01-31'], code: 2, stderr: /^MR_USAGE: .*2026-01-31T12:00:00Z/ },
    { argv: ['log', 'mirror', 'x', '--from', '1', '--last', '2'], code: 2, stderr: /^MR_USAGE: .*cannot be used with/ },
    { argv: ['log', 'mirror', 'x', '--brokers', 'x'], code: 2, stderr: /^MR_OPTION_INVALID: kafka "x": broker "x"/ },
    { argv: ['log', 'mirror', 'x', '--sasl-username', 'u'], code: 2, stderr: /^MR_USAGE: .*needs --sasl-mechanism/ },
    { argv: ['log', 'mirror', 'x', '--tls-ca', 'absent.pem'], code: 1, stderr: /^MR_FILE_MISSING: .*absent\.pem/ },
    { argv: ['log', 'append', 'x', '--codec', 'zip'], code: 2, stderr: /^MR_USAGE: .*Allowed choices are none, gzip/ },
  ]
  for (const { argv, code, stdout, stderr } of endings) {
    it(`ends with ${code}: millrace ${argv.map((word) => word.replace(/.*\//, '')).join(' ')}`, async () => {
      const finished = await runCommand(argv)
      assert.equal(finished.code, code)
      assert.match(finished.stdout, stdout ?? /^$/)
      assert.match(finished.stderr, stderr ?? /^$/)
    })
  }

  it('prints an error as one JSON object with --json, and nothing on stdout', async () => {
    const { code, stdout, stderr } = await runCommand(['status', 'nobody', '--json'])
    assert.deepEqual([code, stdout], [1, ''])
    const { schemaVersion, event, code: errorCode, message, domain } = object(stderr)
    assert.deepEqual([schemaVersion, event, errorCode, domain], [1, 'error', 'MR_FILE_MISSING', 'external'])
    assert.match(String(message), /no job "nobody"/)
  })

  it('refuses to mirror into a topic that is no copy, before it asks a broker', async () => {
    await runCommand(['log', 'create', 'taken'])
    const { code, stderr } = await runCommand(['log', 'mirror', 'orders', '--as', 'taken', '--brokers', '127.0.0.1:1'])
    assert.equal(code, 2)
    assert.match(stderr, /^MR_LOG_TOPIC_EXISTS: topic "taken" exists and is no copy/)
  })

  it('shows the plan as text, as a flowchart, and as JSON with nothing stored', async () => {
    const text = await runCommand(['plan', orders])
    assert.match(text.stdout, /raw-deduplicate-1 +deduplicate \(stateful\) +stage 1 +exchange by id/)
    assert.match(text.stdout, /Nothing is stored/)
    assert.match((await runCommand(['plan', orders, '--mermaid'])).stdout, /^flowchart LR/)
    const { pipeline, epoch, changes } = object((await runCommand(['plan', orders, '--json'])).stdout)
    assert.deepEqual([pipeline, epoch, changes], ['orders', null, []])
  })
})

describe('commands about a job that ran', () => {
  before(async () => {
    process.chdir(temporaryDirectory())
    await appendOrders('.', 0, 100)
    const run = await runCommand(['run', orders, '--until-caught-up', '--workers', '1', '--json'])
    assert.equal(run.code, 0)
    const { schemaVersion, command, pipeline, epoch, imbalances } = object(run.stdout)
    assert.deepEqual([schemaVersion, command, pipeline, epoch, imbalances], [1, 'run', 'orders', 1, []])
    for (const line of run.stderr.trim().split('\n')) assert.equal(object(line).schemaVersion, 1)
  })

  it('status gives the same by name and by module', async () => {
    const byName = object((await runCommand(['status', 'orders', '--json'])).stdout)
    assert.deepEqual(byName, object((await runCommand(['status', orders, '--json'])).stdout))
    assert.deepEqual([byName.state, byName.epoch, byName.lag], ['stopped', 1, 0])
    assert.match((await runCommand(['status', 'orders'])).stdout, /^orders {2}stopped\nepoch 1, generation 1/)
  })

  it('plan tells that all of the stored state is kept', async () => {
    const { code, stdout } = await runCommand(['plan', orders])
    assert.equal(code, 0)
    assert.match(stdout, /Stored state of epoch 1:[\s\S]*operator +raw-deduplicate-1 +kept/)
  })

  it('a pipeline that would lose stored state is refused by plan and run, with 4; the status keeps the old figures', async () => {
    const forgetful = pipelinePath('orders-forgetful')
    const plan = await runCommand(['plan', forgetful])
    assert.equal(plan.code, 4)
    assert.match(plan.stdout, /operator +raw-deduplicate-1 +incompatible/)
    assert.match(plan.stderr, /^MR_PLAN_INCOMPATIBLE: operator "raw-deduplicate-1"/)
    const run = await runCommand(['run', forgetful, '--until-caught-up', '--workers', '1'])
    assert.equal(run.code, 4)
    const { state, epoch } = object((await runCommand(['status', 'orders', '--json'])).stdout)
    assert.deepEqual([state, epoch], ['failed', 1])
    assert.equal((await runCommand(['plan', orders])).code, 0)
  })

  it('checkpoint ls, show and verify find epoch 1 whole', async () => {
    const { checkpoints } = object((await runCommand(['checkpoint', 'ls', 'orders', '--json'])).stdout)
    assert.ok(Array.isArray(checkpoints))
    assert.deepEqual([checkpoints.length, checkpoints[0].epoch, checkpoints[0].records], [1, 1, 100])
    const shown = object((await runCommand(['checkpoint', 'show', 'orders', '--json'])).stdout)
    assert.deepEqual([shown.epoch, shown.isFinalized, shown.committed], [1, true, { table: 1 }])
    const verified = object((await runCommand(['checkpoint', 'verify', 'orders', '--json'])).stdout)
    assert.deepEqual([verified.epoch, verified.entries], [1, 100])
  })

  it('checkpoint abandon refuses an epoch that every sink has', async () => {
    const { code, stderr } = await runCommand(['checkpoint', 'abandon', orders])
    assert.equal(code, 1)
    assert.match(stderr, /^MR_CHECKPOINT_ABANDON_REFUSED: .*epoch 1 is not open/)
  })

  it('log ls, describe and tail show topic, reader and records', async () => {
    const flags = ['--directory', 'log', '--json']
    const { topics } = object((await runCommand(['log', 'ls', ...flags])).stdout)
    assert.ok(Array.isArray(topics))
    assert.ok(topics.some(({ name, partitions }) => name === 'orders' && partitions === 2))
    const { consumers } = object((await runCommand(['log', 'describe', 'orders', ...flags])).stdout)
    assert.ok(Array.isArray(consumers))
    assert.deepEqual([consumers[0].pipeline, consumers[0].lag], ['orders', 0])
    const tail = await runCommand(['log', 'tail', 'orders', '--last', '1', '--partition', '1', ...flags])
    const { offset, value } = object(tail.stdout)
    assert.deepEqual([offset, object(String(value)).id], [49, 'o-99'])
  })
})

describe('a process that runs a job', () => {
  it('keeps others out, drains on SIGTERM with exit 0, and leaves nothing to replay', async () => {
    const directory = temporaryDirectory()
    process.chdir(directory)
    await appendOrders('.', 0, 200)
    const first = spawnCommand(directory, ['run', orders, '--workers', '1', '--epoch', '100ms'])
    await first.says('orders runs from the start')
    const second = await runCommand(['run', orders, '--workers', '1'])
    assert.equal(second.code, 1)
    assert.match(second.stderr, /^MR_STATE_LOCKED: /)
    assert.equal((await statusOf('orders')).state, 'running')

    first.child.kill('SIGTERM')
    const { code, stdout } = await first.finished
    assert.equal(code, 0)
    assert.match(stdout, /^orders stopped at epoch \d+; state in [\s\S]*The ledger balances/)

    const next = object((await runCommand(['run', orders, '--until-caught-up', '--workers', '1', '--json'])).stdout)
    assert.deepEqual(next.ledger && object(JSON.stringify(next.ledger)).operators, {
      'raw-filter-1': { in: 200, out: 200, dropped: {} },
      'raw-deduplicate-1': { in: 200, out: 200, dropped: {} },
    })
  })

  it('is killed while an epoch is prepared but not committed: abandon forgets that epoch, and it is replayed', async () => {
    const directory = temporaryDirectory()
    process.chdir(directory)
    await appendOrders('.', 0, 200)
    const killed = spawnCommand(directory, ['run', orders, '--until-caught-up', '--workers', '1'], {
      MILLRACE_FAIL: 'P5-before-commit:kill:1',
    })
    await killed.finished
    assert.equal(killed.child.signalCode, 'SIGKILL')
    assert.equal(object((await runCommand(['checkpoint', 'show', 'orders', '--json'])).stdout).isFinalized, false)
    const abandoned = await runCommand(['checkpoint', 'abandon', orders])
    assert.deepEqual([abandoned.code, abandoned.stderr], [0, ''])
    const run = object((await runCommand(['run', orders, '--until-caught-up', '--workers', '1', '--json'])).stdout)
    assert.equal(run.epoch, 2)
    const { sinks } = object(JSON.stringify(run.ledger))
    assert.deepEqual(object(JSON.stringify(sinks)).table, { in: 200, staged: 200, rejected: 0 })
  })

  it('ends with 1 and without a checkpoint on an error that nobody caught', async () => {
    const directory = temporaryDirectory()
    process.chdir(directory)
    await appendOrders('.', 0, 10)
    const { code, stderr } = await spawnCommand(directory, ['run', pipelinePath('main-throws-later')]).finished
    assert.equal(code, 1)
    assert.match(stderr, /MR_INTERNAL: thrown on the main thread/)
    assert.equal(object((await runCommand(['status', 'main-throws-later', '--json'])).stdout).state, 'died')
    assert.equal((await runCommand(['checkpoint', 'show', 'main-throws-later'])).code, 1)
  })

  it('ends at once with 128 + the signal on a second signal', async () => {
    const directory = temporaryDirectory()
    await appendOrders(directory, 0, 10)
    const job = spawnCommand(directory, ['run', orders, '--workers', '1'], {
      MILLRACE_FAIL: 'P1-aligned:delay-60000:1',
    })
    await job.says('runs from the start')
    job.child.kill('SIGINT')
    await job.says('SIGINT: ending')
    job.child.kill('SIGINT')
    assert.equal((await job.finished).code, 130)
  })
})

describe('a bounded run', () => {
  before(async () => {
    process.chdir(temporaryDirectory())
    await appendOrders('.', 0, 100)
  })

  it('stops at the offset of each split or at a time, and the next run goes on there', async () => {
    const flags = ['run', orders, '--workers', '1', '--json']
    const byOffsets = object((await runCommand([...flags, '--until-offsets', 'orders-0=10,orders-1=0'])).stdout)
    assert.deepEqual(offsetsOf(byOffsets), { 'orders-0': 10, 'orders-1': 0 })
    const byTime = object((await runCommand([...flags, '--until-time', '2026-01-01T00:00:00.031Z'])).stdout)
    assert.deepEqual(offsetsOf(byTime), { 'orders-0': 16, 'orders-1': 15 })
    const atEnds = object((await runCommand([...flags, '--until-caught-up'])).stdout)
    assert.deepEqual(offsetsOf(atEnds), { 'orders-0': 50, 'orders-1': 50 })
    assert.deepEqual([atEnds.epoch, atEnds.imbalances], [3, []])
  })

  it('ends with 2 where its offsets are not those of the splits', async () => {
    const { code, stderr } = await runCommand(['run', orders, '--until-offsets', 'orders-0=10,order-1=5'])
    assert.equal(code, 2)
    assert.match(
      stderr,
      /^MR_OPTION_INVALID: until: offsets: there is no split "order-1" \(did you mean "orders-1"\?\); no offset is given for orders-1\n/,
    )
  })
})

function offsetsOf({ positions }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(object(JSON.stringify(positions)))
  return Object.fromEntries(entries.map(([split, position]) => [split, object(JSON.stringify(position)).offset]))
}

/** The status of a job that has just begun: its file comes a moment after the first line of the job. */
async function statusOf(pipeline: string): Promise<Readonly<Record<string, unknown>>> {
  for (let looks = 0; looks < 100; looks++) {
    const { code, stdout } = await runCommand(['status', pipeline, '--json'])
    if (code === 0) return object(stdout)
  }
  throw new Error(`${pipeline} wrote no status`)
}

describe('lag', () => {
  before(async () => {
    process.chdir(temporaryDirectory())
    await appendOrders('.', 0, 100)
  })

  it('lag asks the source where it ends, whether or not the job runs', async () => {
    await runCommand(['run', orders, '--until-caught-up', '--workers', '1', '--json'])
    const behind = object((await runCommand(['lag', orders, '--json'])).stdout)
    assert.deepEqual([behind.pipeline, behind.lag], ['orders', 0])
    await appendOrders('.', 100, 110)
    assert.match((await runCommand(['lag', orders])).stdout, /^orders {2}10 records behind[\s\S]*orders-0 +50 +55 +5\n/)
    assert.equal(
      (await runCommand(['lag', orders, '--state', 'elsewhere', '--json'])).stdout.includes('"lag":110'),
      true,
    )
    const run = await runCommand(['run', orders, '--until-caught-up', '--workers', '1', '--json'])
    assert.equal(run.code, 0)
    assert.match((await runCommand(['lag', orders])).stdout, /^orders {2}0 records behind/)
  })
})
