import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { supervise } from '../../../core/actors/supervisor.ts'
import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError, toMillraceError } from '../../../core/model/errors.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import { ManualClock, settle } from '../../manual-clock.ts'

const POLICY = { maxRestarts: 2, windowMs: 1000, initialDelayMs: 10, maxDelayMs: 100 }

interface Run {
  readonly clock: ManualClock
  readonly attempts: number[]
  readonly warnings: string[]
  readonly outcome: Promise<string>
}

/** Supervises attempts that fail so, one after the other (`late`: after a whole window), and succeed then. */
function run(...failures: readonly (ErrorCode | 'foreign' | 'late')[]): Run {
  const clock = new ManualClock()
  const attempts: number[] = []
  const warnings: string[] = []
  const logger: Logger = { info: () => undefined, warn: (text) => warnings.push(text), error: () => undefined }
  const outcome = supervise(
    { clock, logger, policy: POLICY },
    async (number) => {
      attempts.push(number)
      const failure = failures[number]
      if (failure === 'foreign') throw new TypeError('no such thing')
      if (failure === 'late') {
        await clock.after(POLICY.windowMs)
        throw new MillraceError('MR_TASK_FAILED', 'failed after a while')
      }
      if (failure !== undefined) throw new MillraceError(failure, `attempt ${number} failed`)
      return `done by attempt ${number}`
    },
    (error) => toMillraceError(error, 'MR_TASK_FAILED'),
  )
  return { clock, attempts, warnings, outcome }
}

describe('supervise', () => {
  it('passes on the result of an attempt that succeeds', async () => {
    const { attempts, outcome } = run()
    assert.equal(await outcome, 'done by attempt 0')
    assert.deepEqual(attempts, [0])
  })

  it('starts the next attempt only when the delay is over, and warns', async () => {
    const { clock, attempts, warnings, outcome } = run('MR_TASK_FAILED', 'MR_WORKER_DIED')
    await clock.advance(9)
    assert.deepEqual(attempts, [0])
    await clock.advance(1)
    assert.deepEqual(attempts, [0, 1])
    await clock.advance(19)
    assert.deepEqual(attempts, [0, 1])
    await clock.advance(1)
    assert.equal(await outcome, 'done by attempt 2')
    assert.equal(warnings.length, 2)
  })

  it('rejects with the failure itself where no restart can heal it', async () => {
    const { clock, attempts, outcome } = run('MR_TASK_FAILED', 'MR_SINK_AHEAD')
    const judged = assert.rejects(outcome, { code: 'MR_SINK_AHEAD', message: 'attempt 1 failed' })
    await clock.advance(10)
    await judged
    assert.deepEqual(attempts, [0, 1])
  })

  it('gives up when the budget is spent and names the last failure', async () => {
    const { clock, outcome } = run('MR_TASK_FAILED', 'MR_TASK_FAILED', 'MR_LEDGER_BROKEN')
    const judged = assert.rejects(outcome, (error: MillraceError) => {
      assert.equal(error.code, 'MR_RESTARTS_EXHAUSTED')
      assert.match(error.message, /3 times.*attempt 2 failed/)
      assert.deepEqual(error.details, { lastCode: 'MR_LEDGER_BROKEN' })
      return true
    })
    await clock.advance(10)
    await clock.advance(20)
    await judged
  })

  it('counts only the restarts of the window', async () => {
    const { clock, attempts, outcome } = run('MR_TASK_FAILED', 'MR_TASK_FAILED', 'late', 'MR_TASK_FAILED')
    await clock.advance(10)
    await clock.advance(20)
    await clock.advance(1000)
    await clock.advance(10)
    await clock.advance(20)
    assert.equal(await outcome, 'done by attempt 4')
    assert.deepEqual(attempts, [0, 1, 2, 3, 4])
  })

  it('judges a foreign error by the code that it is given', async () => {
    const { clock, outcome } = run('foreign')
    await settle()
    await clock.advance(10)
    assert.equal(await outcome, 'done by attempt 1')
  })
})
