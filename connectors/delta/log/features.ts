import { MillraceError } from '../../../core/model/errors.ts'
import type { MetaData, Protocol } from './actions.ts'

/** Features whose log we can read. */
const READABLE = new Set([
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'v2Checkpoint',
  'vacuumProtocolCheck',
])

/** Features of tables to which we can append, as long as those with conditions are not active. */
const APPENDABLE = new Set([
  'appendOnly',
  'invariants',
  'checkConstraints',
  'generatedColumns',
  'identityColumns',
  'allowColumnDefaults',
  'changeDataFeed',
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  'domainMetadata',
  'clustering',
])

/** Keys in the metadata of a column that ask a writer to evaluate something. */
const ACTIVE_COLUMN_KEYS = ['delta.invariants', 'delta.generationExpression', 'delta.identity.start', 'CURRENT_DEFAULT']

/** Throws `MR_DELTA_UNSUPPORTED` where the log cannot be read without knowing more than we do. */
export function refuseUnreadable(protocol: Protocol, table: string): void {
  const { minReaderVersion: version, readerFeatures = [] } = protocol
  if (version > 3) throw unsupported(table, `reader version ${version}`)
  const unknown = version === 3 ? readerFeatures.filter((feature) => !READABLE.has(feature)) : []
  if (unknown.length > 0) throw unsupported(table, `reader feature ${unknown.join(', ')}`)
}

/** Throws `MR_DELTA_UNSUPPORTED` where an append would break a promise of the table. */
export function refuseUnwritable(protocol: Protocol, metaData: MetaData, table: string): void {
  const { minWriterVersion: version, writerFeatures = [] } = protocol
  if (version > 7) throw unsupported(table, `writer version ${version}`)
  const unknown = version === 7 ? writerFeatures.filter((feature) => !APPENDABLE.has(feature)) : []
  if (unknown.length > 0) throw unsupported(table, `writer feature ${unknown.join(', ')}`)
  const configuration = metaData.configuration ?? {}
  const constraint = Object.keys(configuration).find((key) => key.startsWith('delta.constraints.'))
  if (constraint !== undefined) throw unsupported(table, `constraint ${constraint.slice('delta.constraints.'.length)}`)
  const mapping = configuration['delta.columnMapping.mode'] ?? 'none'
  if (mapping !== 'none') throw unsupported(table, `column mapping by ${mapping}`)
  const active = ACTIVE_COLUMN_KEYS.find((key) => metaData.schemaString.includes(`"${key}"`))
  if (active !== undefined) throw unsupported(table, `${active} on a column`)
}

function unsupported(table: string, what: string): MillraceError {
  return new MillraceError(
    'MR_DELTA_UNSUPPORTED',
    `${table} uses ${what}, which this version does not know; write to another table or remove the feature`,
  )
}
