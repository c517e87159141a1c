import type { ErrorCode } from '../core/model/error-codes.ts'

const HINTS: Partial<Record<ErrorCode, string>> = {
  MR_USAGE: 'see `millrace --help`',
  MR_STATE_LOCKED: 'see `millrace status` for the process that has it',
  MR_PLAN_INCOMPATIBLE: '`millrace plan FILE` shows what of the stored state fits',
  MR_CONTRACT_CHANGED: '`millrace plan FILE` shows what of the stored state fits',
  MR_STAGED_MISSING: '`millrace checkpoint abandon FILE` replays the epoch if no sink has it',
  MR_LOG_TOPIC_UNKNOWN: '`millrace log ls` shows the topics that exist',
  MR_STATE_CORRUPT:
    '`millrace run FILE --checkpoints DIR` on an empty state directory restores from shared checkpoints',
  MR_OPERATOR_FAILED: 'mend the function, then start again: the job goes on from its last checkpoint',
  MR_RESTARTS_EXHAUSTED: 'the cause is above; a new start goes on from the last checkpoint',
}

/** What to try, for errors whose message does not say it. */
export function hintFor(code: ErrorCode): string | undefined {
  return HINTS[code]
}
