import { MillraceError } from '../../../core/model/errors.ts'
import type { ConnectorPorts } from '../../../core/ports/connector-ports.ts'
import { createExclusively } from '../../../core/ports/file-store.ts'
import { writeActions } from '../log/actions.ts'
import { commitPath, logDirectory } from '../log/log-files.ts'
import type { Snapshot } from '../log/snapshot.ts'
import type { TableReader } from '../log/table-reader.ts'
import type { IntentContent } from '../staged.ts'
import { type AppendDecision, decideAppend } from './decide-append.ts'

/** One epoch's way into the table. */
export interface Append {
  readonly from: number
  readonly to: number
  readonly content: IntentContent
  /** State of the table that the append was checked against. */
  readonly checked: Pick<Snapshot, 'protocol' | 'metaData'>
  /** Called before the first write: throws where staged files are gone. */
  readonly verify: () => Promise<void>
}

/** What a commit needs of the world. */
export type CommitPorts = Pick<ConnectorPorts, 'files' | 'clock' | 'random'>

/** At about half a second each, a table that stays contended for 20 s is a table to ask somebody about. */
const TRIES = 60
const FIRST_DELAY_MS = 10
const LONGEST_DELAY_MS = 800

/**
 * Makes an epoch visible as one version of the table, or finds that it is there already:
 * 1 read the log to its end, 2 decide, 3 create the next version if absent, 4 on a lost race go to 1.
 *
 * Throws `MR_SINK_AHEAD`, `MR_SINK_BEHIND`, `MR_SINK_REPLACED`, `MR_DELTA_CHANGED`, `MR_DELTA_CONFLICT`, and what
 * `verify` throws.
 */
export async function commitAppend(
  ports: CommitPorts,
  reader: TableReader,
  append: Append,
): Promise<'committed' | 'found'> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const current = await reader.refresh()
    if (current === undefined) throw stop('replaced', append, reader.table)
    const found = Number(current.txns.get(append.content.appId)?.version ?? -1)
    const decision = decideAppend({ from: append.from, to: append.to, found, checked: append.checked, current })
    if (decision === 'done') {
      // Whoever created that version may have died before its name was durable.
      await ports.files.syncDirectory(logDirectory(reader.table))
      return 'found'
    }
    if (decision !== 'append') throw stop(decision, append, reader.table)
    if (attempt === 0) await append.verify()
    if ((await createVersion(ports, reader.table, { version: current.version + 1, append })) === 'created')
      return 'committed'
    await ports.clock.after(delayMs(ports, attempt))
  }
  throw new MillraceError(
    'MR_DELTA_CONFLICT',
    `${reader.table}: other writers won the race for the next version ${TRIES} times`,
  )
}

async function createVersion(
  { files, random }: CommitPorts,
  table: string,
  { version, append }: { readonly version: number; readonly append: Append },
): Promise<'created' | 'exists'> {
  const bytes = writeActions(commitActions(append, version - 1))
  return await createExclusively(files, commitPath(table, version), {
    bytes,
    temporary: temporaryPath(table, random.uuid()),
  })
}

/** A name beside the log that no reader looks at. */
export const temporaryPath = (table: string, uuid: string): string => `${logDirectory(table)}/_commit_${uuid}.json.tmp`

function commitActions(
  { content, from, to }: Append,
  readVersion: number,
): readonly Readonly<Record<string, unknown>>[] {
  const { appId, txnId, now, ranges, files } = content
  const commitInfo = {
    timestamp: now,
    operation: 'WRITE',
    operationParameters: { mode: 'Append' },
    readVersion,
    isBlindAppend: true,
    operationMetrics: { numFiles: String(files.length), numOutputBytes: String(totalSize(files)) },
    engineInfo: 'millrace',
    txnId,
    millrace: { appId, previousEpoch: from, epoch: to, ranges },
  }
  const adds = files.map((file) => ({ add: { ...file, dataChange: true } }))
  return [{ commitInfo }, { txn: { appId, version: to, lastUpdated: now } }, ...adds]
}

function totalSize(files: IntentContent['files']): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

function delayMs({ random }: CommitPorts, attempt: number): number {
  const limit = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt)
  return (limit * random.uint32()) / 2 ** 32
}

function stop(
  decision: Exclude<AppendDecision, 'append' | 'done'>,
  { from, to, content }: Append,
  table: string,
): MillraceError {
  const where = `${table}: epoch ${to} of ${content.appId}, after ${from}`
  const details = { table, appId: content.appId, from, to }
  switch (decision) {
    case 'ahead':
      return new MillraceError('MR_SINK_AHEAD', `${where}: the table has a later epoch`, { details })
    case 'behind':
      return new MillraceError('MR_SINK_BEHIND', `${where}: the table lacks the epoch before`, { details })
    case 'replaced':
      return new MillraceError('MR_SINK_REPLACED', `${where}: the table was deleted or made anew`, { details })
    case 'changed':
      return new MillraceError(
        'MR_DELTA_CHANGED',
        `${where}: another writer changed schema, partitioning, protocol or properties; check the pipeline and start it again`,
        { details },
      )
  }
}
