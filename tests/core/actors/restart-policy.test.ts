import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_RESTART_POLICY, type Directive, decideDirective } from '../../../core/actors/restart-policy.ts'
import type { ErrorCode } from '../../../core/model/error-codes.ts'
import { MillraceError } from '../../../core/model/errors.ts'

const POLICY = { maxRestarts: 3, windowMs: 1000, initialDelayMs: 10, maxDelayMs: 25 }

interface Row {
  readonly title: string
  readonly code: ErrorCode
  readonly restarts: readonly number[]
  readonly now: number
  readonly expected: Directive
}

const ROWS: readonly Row[] = [
  {
    title: 'restarts after the first failure with the first delay',
    code: 'MR_TASK_FAILED',
    restarts: [],
    now: 0,
    expected: { kind: 'restart', delayMs: 10 },
  },
  {
    title: 'doubles the delay with each restart in the window',
    code: 'MR_TASK_FAILED',
    restarts: [0],
    now: 5,
    expected: { kind: 'restart', delayMs: 20 },
  },
  {
    title: 'bounds the delay',
    code: 'MR_TASK_FAILED',
    restarts: [0, 1],
    now: 5,
    expected: { kind: 'restart', delayMs: 25 },
  },
  {
    title: 'gives up when the window holds all restarts that are allowed',
    code: 'MR_TASK_FAILED',
    restarts: [0, 1, 2],
    now: 999,
    expected: { kind: 'exhausted' },
  },
  {
    title: 'forgets a restart as soon as it is a whole window old',
    code: 'MR_TASK_FAILED',
    restarts: [0, 1, 2],
    now: 1000,
    expected: { kind: 'restart', delayMs: 25 },
  },
  {
    title: 'begins anew when all restarts are old',
    code: 'MR_TASK_FAILED',
    restarts: [0, 1, 2],
    now: 5000,
    expected: { kind: 'restart', delayMs: 10 },
  },
  {
    title: 'restarts what waiting may heal',
    code: 'MR_CHECKPOINT_BLOCKED',
    restarts: [],
    now: 0,
    expected: { kind: 'restart', delayMs: 10 },
  },
  {
    title: 'stops where nothing but a change helps, whatever the budget',
    code: 'MR_STATE_CORRUPT',
    restarts: [],
    now: 0,
    expected: { kind: 'stop' },
  },
  {
    title: 'stops rather than gives up',
    code: 'MR_STATE_CORRUPT',
    restarts: [0, 1, 2],
    now: 3,
    expected: { kind: 'stop' },
  },
]

describe('decideDirective', () => {
  for (const { title, code, restarts, now, expected } of ROWS) {
    it(title, () => {
      assert.deepEqual(decideDirective(new MillraceError(code, 'it failed'), { restarts, now }, POLICY), expected)
    })
  }

  it('allows three restarts in five minutes by default', () => {
    const { maxRestarts, windowMs } = DEFAULT_RESTART_POLICY
    assert.deepEqual([maxRestarts, windowMs], [3, 300_000])
  })
})
