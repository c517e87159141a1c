/** Who has to act: the author of a pipeline or the operator of a job, a system outside, or we. */
export type ErrorDomain = 'user' | 'external' | 'internal'

/** What helps: nothing but a change, waiting and trying again, or a restart of the tasks from the checkpoint. */
export type ErrorRetry = 'never' | 'backoff' | 'restart'

export interface ErrorEntry {
  readonly domain: ErrorDomain
  readonly retry: ErrorRetry
  /** Process exit code of a command that ends with this error. */
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 7
  /** One sentence for the reference: what happened and what to do. */
  readonly text: string
}

const user = (exit: ErrorEntry['exit'], text: string): ErrorEntry => ({ domain: 'user', retry: 'never', exit, text })
const external = (retry: ErrorRetry, text: string): ErrorEntry => ({ domain: 'external', retry, exit: 1, text })
const internal = (text: string): ErrorEntry => ({ domain: 'internal', retry: 'restart', exit: 1, text })

/**
 * Every error code of Millrace. A code is never renamed and never reused; `docs/errors.md` is generated from this
 * table and a test compares both ways.
 */
export const ERROR_CODES = {
  // Using Millrace
  MR_USAGE: user(2, 'The command line is wrong; the message says which argument and what is allowed.'),
  MR_OPTION_UNKNOWN: user(2, 'An options object has a key that does not exist; the message offers the nearest one.'),
  MR_OPTION_INVALID: user(2, 'An option has a value that is not allowed; the message says which and why.'),
  MR_PIPELINE_LOAD: user(2, 'The pipeline module threw while it was imported; mend the module.'),
  MR_PIPELINE_INVALID: user(2, 'The module has no default export made by pipeline(), or the graph is not complete.'),
  MR_PLAN_DUPLICATE_ID: user(2, 'Two operators, sources or sinks share one id; give one of them another id.'),
  MR_PLAN_MISMATCH: internal(
    'A worker built another plan than the main thread; the pipeline module must be free of side effects.',
  ),
  MR_PLAN_INCOMPATIBLE: user(
    4,
    'The pipeline changed in a way that would lose or misread stored state; see `millrace plan`.',
  ),
  MR_CONTRACT_INVALID: user(2, 'A contract declares something impossible, such as an event time that is no timestamp.'),
  MR_CONTRACT_CHANGED: user(
    4,
    'The contract changed under an existing checkpoint in a way that stored rows do not fit.',
  ),
  MR_FIELD_UNKNOWN: user(
    2,
    'An operator names a field that the records do not have; the message offers the nearest one.',
  ),
  MR_NOT_YET: user(2, 'The command is known but this version does not do it yet.'),
  // Records (reasons of dead letters; the stream goes on)
  MR_RECORD_JSON: user(4, 'The value is not valid JSON (truncated, garbage after the end, not an object).'),
  MR_RECORD_UTF8: user(4, 'The value holds bytes that are not valid UTF-8, or an escaped lone surrogate.'),
  MR_RECORD_DUPLICATE_KEY: user(4, 'The JSON object names one field of the contract twice.'),
  MR_RECORD_MISSING_FIELD: user(4, 'A required field is absent or null.'),
  MR_RECORD_TYPE: user(4, 'A field has another type than the contract says.'),
  MR_RECORD_RANGE: user(4, 'A number or time does not fit the type that the contract says, or the format of the sink.'),
  MR_RECORD_UNKNOWN_FIELD: user(
    4,
    'The record has a field that the contract does not know, and the contract refuses such fields.',
  ),
  MR_RECORD_TOO_LARGE: user(4, 'The value is larger than the limit; its first 64 KiB, size and SHA-256 are kept.'),
  MR_RECORD_NESTING: user(4, 'The value is nested deeper than the limit.'),
  MR_RECORD_LATE: user(4, 'The record is older than the operator can still judge.'),
  MR_RECORD_PARTITION_VALUE: user(4, 'A partition column holds a value that cannot become a directory name.'),
  // Running
  MR_OPERATOR_FAILED: {
    domain: 'user',
    retry: 'restart',
    exit: 1,
    text: 'A function of the pipeline threw; the message names operator, split and offset of the record.',
  },
  MR_TASK_FAILED: internal('A task failed; its cause is attached.'),
  MR_WORKER_DIED: internal('A worker thread ended unexpectedly.'),
  MR_RESTARTS_EXHAUSTED: {
    domain: 'internal',
    retry: 'never',
    exit: 1,
    text: 'The tasks failed more often than the restart policy allows; the last cause is attached.',
  },
  MR_MAILBOX_FULL: internal('A mailbox reached its limit although its senders are bound by credits.'),
  MR_LEDGER_BROKEN: internal('The ledger does not balance: a record vanished or appeared. The epoch is not prepared.'),
  MR_DRAIN_TIMEOUT: { domain: 'internal', retry: 'never', exit: 6, text: 'The job did not drain before its deadline.' },
  MR_EXCHANGE_PROTOCOL: internal('An exchange received a message that its protocol does not allow.'),
  // State and checkpoints
  MR_STATE_LOCKED: user(1, 'Another process runs this pipeline on the same state directory.'),
  MR_STATE_CORRUPT: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'Stored state fails its checksum, lacks a block or breaks the chain; restore from the shared checkpoint store or abandon the epoch.',
  },
  MR_STATE_BUDGET: user(
    1,
    'State that cannot leave memory outgrew its budget; raise `stateMemory` (`--state-memory`) and start again: the job goes on from its checkpoint.',
  ),
  MR_SPILL_CORRUPT: external(
    'restart',
    'A page of state that was moved out of memory is damaged or gone; the tasks restart from the checkpoint, which does not need it.',
  ),
  MR_STATE_FORMAT: user(1, 'The state was written by a newer Millrace; run that version or a newer one.'),
  MR_STATE_IO: external(
    'restart',
    'The state store could not be written or read; it is closed and recovered from its last epoch.',
  ),
  MR_CHECKPOINT_FOREIGN: user(1, 'The state directory belongs to another pipeline.'),
  MR_CHECKPOINT_SUPERSEDED: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'Another owner took over this pipeline; this process stops.',
  },
  MR_CHECKPOINT_BLOCKED: {
    domain: 'external',
    retry: 'backoff',
    exit: 7,
    text: 'Recovery cannot decide because a sink or the shared checkpoint store cannot be read.',
  },
  MR_CHECKPOINT_ABANDON_REFUSED: user(
    1,
    'The epoch cannot be abandoned because a sink already has it, or because it is not the open one.',
  ),
  MR_STAGED_MISSING: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'Files that a prepared epoch staged are gone (vacuumed or deleted); abandon that epoch to replay it.',
  },
  MR_SINK_REPLACED: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'The table is not the one that the checkpoint knows (another table id).',
  },
  MR_SINK_AHEAD: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'The table has epochs of this pipeline that the checkpoint does not know; the state was lost or rolled back.',
  },
  MR_SINK_BEHIND: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'The table lacks epochs that the checkpoint says were committed; the table was restored or replaced.',
  },
  MR_POSITION_LOST: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'The source no longer has the offset at which the checkpoint wants to go on; nothing is skipped.',
  },
  MR_SOURCE_REPLACED: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'The topic was deleted and created anew: offsets of the checkpoint mean other records now.',
  },
  // Formats
  MR_RECORD_BATCH_CORRUPT: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'A record batch fails its CRC or its lengths do not fit.',
  },
  MR_RECORD_BATCH_UNSUPPORTED: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'A record batch has a magic or a codec that is not known.',
  },
  MR_RECORD_BATCH_TOO_LARGE: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'A record batch inflates to more than the limit.',
  },
  MR_PARQUET: internal('The Parquet writer or reader refused its input.'),
  // Log
  MR_LOG_TOPIC_UNKNOWN: user(7, 'The topic does not exist in this log; create it with `millrace log create`.'),
  MR_LOG_TOPIC_EXISTS: user(
    2,
    'A topic of that name exists already with other settings, or with records that are no copy of this topic.',
  ),
  MR_LOG_CORRUPT: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'A segment of the log is damaged before its synced end; nothing is skipped.',
  },
  MR_LOG_LOCKED: { domain: 'external', retry: 'backoff', exit: 1, text: 'Another process appends to this topic.' },
  // Kafka
  MR_KAFKA_UNREACHABLE: {
    domain: 'external',
    retry: 'backoff',
    exit: 7,
    text: 'No broker answered, or not in time; check the option brokers, the network and whether the brokers run.',
  },
  MR_KAFKA_REFUSED: user(7, 'The broker refused the connection: wrong TLS settings or wrong credentials.'),
  MR_KAFKA_FORBIDDEN: user(
    7,
    'The user lacks a right on a topic, a group, a transactional id or the cluster; ask for the ACL that is named.',
  ),
  MR_KAFKA_TOPIC_UNKNOWN: user(7, 'The topic does not exist in this cluster; create it first.'),
  MR_KAFKA_UNSUPPORTED: user(
    7,
    'The broker or the chosen client cannot do what the pipeline needs; the message says what.',
  ),
  MR_KAFKA_GROUP_SHARED: user(
    7,
    'Another pipeline or consumer uses the same group for its offsets; give this one another group.',
  ),
  MR_KAFKA_FENCED: external(
    'restart',
    'The transaction of a sink was ended by the broker: it stayed open too long, or another process runs the same pipeline.',
  ),
  MR_KAFKA_RECORD_TOO_LARGE: {
    domain: 'external',
    retry: 'never',
    exit: 7,
    text: 'A topic does not take a batch of this size; raise its max.message.bytes, then start again: the epoch is kept and committed then.',
  },
  MR_KAFKA_PROTOCOL: external('restart', 'A broker answered with something that the client did not expect.'),
  // Delta
  MR_DELTA_UNSUPPORTED: user(1, 'The table needs a feature that this version does not write.'),
  MR_DELTA_SCHEMA: user(4, 'The records do not fit the schema of the table.'),
  MR_DELTA_CORRUPT: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'The log of the table has a gap or an entry that cannot be read.',
  },
  MR_DELTA_CONFLICT: external('backoff', 'Another writer won the race for the next version too many times.'),
  MR_DELTA_CHANGED: {
    domain: 'external',
    retry: 'never',
    exit: 1,
    text: 'Another writer changed schema, partitioning or protocol of the table under us.',
  },
  // Outside world
  MR_FILE_IO: external(
    'restart',
    'A file could not be read or written (disk full, I/O error, missing rights); the message names it.',
  ),
  MR_FILE_MISSING: { domain: 'external', retry: 'never', exit: 1, text: 'A file that must exist does not.' },
  MR_INTERNAL: internal('A bug in Millrace; please report it with the message.'),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERROR_CODES
