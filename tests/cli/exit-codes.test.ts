import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exitCodeOf } from '../../cli/exit-codes.ts'
import { MillraceError } from '../../core/model/errors.ts'

describe('exitCodeOf', () => {
  it('is that of the code, and 1 for what is not ours', () => {
    assert.equal(exitCodeOf(new MillraceError('MR_LOG_TOPIC_UNKNOWN', 'gone')), 7)
    assert.equal(exitCodeOf(new Error('foreign')), 1)
    assert.equal(exitCodeOf('text'), 1)
  })

  it('is that of the last failure where restarts are exhausted', () => {
    const cause = new MillraceError('MR_CHECKPOINT_BLOCKED', 'the table cannot be read')
    assert.equal(exitCodeOf(new MillraceError('MR_RESTARTS_EXHAUSTED', 'gave up', { cause })), 7)
    assert.equal(exitCodeOf(new MillraceError('MR_RESTARTS_EXHAUSTED', 'gave up', { cause: new Error('foreign') })), 1)
    assert.equal(exitCodeOf(new MillraceError('MR_RESTARTS_EXHAUSTED', 'gave up')), 1)
  })
})
