import { z } from 'zod'
import { MillraceError } from '../../../core/model/errors.ts'
import { parseJson, writeJson } from './lossless-json.ts'

/** A whole number of 64 bits: `number` where exact. */
const wide = z.union([z.number(), z.bigint()]).transform((value) => {
  const narrow = Number(value)
  return Number.isSafeInteger(narrow) ? narrow : BigInt(value)
})
const texts = z.record(z.string(), z.string())
// Readers of Parquet say `undefined`, JSON says `null` or nothing.
const absent = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined)

const deletionVector = z.object({
  storageType: z.string(),
  pathOrInlineDv: z.string(),
  offset: absent(z.number()),
  sizeInBytes: z.number(),
  cardinality: wide,
})
const fileFields = {
  path: z.string(),
  dataChange: z.boolean(),
  tags: absent(z.record(z.string(), z.string().nullable())),
  deletionVector: absent(deletionVector),
}
const partitionValues = z.record(z.string(), z.string().nullable())

const add = z.object({
  ...fileFields,
  partitionValues,
  size: wide,
  modificationTime: wide,
  stats: absent(z.string()),
  clusteringProvider: absent(z.string()),
})
const remove = z.object({
  ...fileFields,
  deletionTimestamp: absent(wide),
  extendedFileMetadata: absent(z.boolean()),
  partitionValues: absent(partitionValues),
  size: absent(wide),
})
const metaData = z.object({
  id: z.string(),
  name: absent(z.string()),
  description: absent(z.string()),
  format: z.object({ provider: z.string(), options: absent(texts) }),
  schemaString: z.string(),
  partitionColumns: z.array(z.string()),
  configuration: absent(texts),
  createdTime: absent(wide),
})
const protocol = z.object({
  minReaderVersion: z.number(),
  minWriterVersion: z.number(),
  readerFeatures: absent(z.array(z.string())),
  writerFeatures: absent(z.array(z.string())),
})
const txn = z.object({ appId: z.string(), version: wide, lastUpdated: absent(wide) })
const domainMetadata = z.object({ domain: z.string(), configuration: z.string(), removed: z.boolean() })
const commitInfo = z.record(z.string(), z.unknown())
const sidecar = z.object({ path: z.string() })

export type Add = Readonly<z.infer<typeof add>>
export type Remove = Readonly<z.infer<typeof remove>>
export type MetaData = Readonly<z.infer<typeof metaData>>
export type Protocol = Readonly<z.infer<typeof protocol>>
export type Txn = Readonly<z.infer<typeof txn>>
export type DomainMetadata = Readonly<z.infer<typeof domainMetadata>>

/** One action of a table's log; unknown ones (`cdc`, later inventions) are left out. */
export type Action =
  | { readonly kind: 'add'; readonly add: Add }
  | { readonly kind: 'remove'; readonly remove: Remove }
  | { readonly kind: 'metaData'; readonly metaData: MetaData }
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | { readonly kind: 'txn'; readonly txn: Txn }
  | { readonly kind: 'domainMetadata'; readonly domainMetadata: DomainMetadata }
  | { readonly kind: 'commitInfo'; readonly commitInfo: Readonly<Record<string, unknown>> }
  | { readonly kind: 'sidecar'; readonly sidecar: { readonly path: string } }

/** The action in one line of a commit or one row of a checkpoint; `undefined` for kinds that we do not know. */
export function toAction(row: unknown): Action | undefined {
  if (typeof row !== 'object' || row === null) throw new MillraceError('MR_DELTA_CORRUPT', 'an action is not an object')
  const [kind, body] = Object.entries(row).find(([, member]) => member !== null && member !== undefined) ?? []
  switch (kind) {
    case 'add':
      return { kind, add: add.parse(body) }
    case 'remove':
      return { kind, remove: remove.parse(body) }
    case 'metaData':
      return { kind, metaData: metaData.parse(body) }
    case 'protocol':
      return { kind, protocol: protocol.parse(body) }
    case 'txn':
      return { kind, txn: txn.parse(body) }
    case 'domainMetadata':
      return { kind, domainMetadata: domainMetadata.parse(body) }
    case 'commitInfo':
      return { kind, commitInfo: commitInfo.parse(body) }
    case 'sidecar':
      return { kind, sidecar: sidecar.parse(body) }
    default:
      return undefined
  }
}

/** All actions of a commit file. Throws `MR_DELTA_CORRUPT` naming `where` and the line. */
export function parseActions(bytes: Uint8Array, where: string): readonly Action[] {
  const actions: Action[] = []
  const lines = new TextDecoder().decode(bytes).split('\n')
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    try {
      const action = toAction(parseJson(line))
      if (action !== undefined) actions.push(action)
    } catch (error) {
      throw new MillraceError('MR_DELTA_CORRUPT', `${where}, line ${index + 1}: not an action of a Delta log`, {
        cause: error,
      })
    }
  }
  return actions
}

/** A commit file: one action per line, each an object with the action's name as its one key. */
export function writeActions(actions: readonly Readonly<Record<string, unknown>>[]): Uint8Array {
  return new TextEncoder().encode(actions.map((action) => `${writeJson(action)}\n`).join(''))
}
