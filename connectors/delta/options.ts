import { z } from 'zod'
import { MillraceError } from '../../core/model/errors.ts'
import { refuseUnknownKeys } from '../../core/model/nearest.ts'

const MIB = 1024 * 1024

const schema = z.object({
  path: z
    .string()
    .min(1, 'must name a directory')
    .transform((path) => (path.length > 1 ? path.replace(/\/+$/, '') : path)),
  partitionBy: z.array(z.string()).readonly().default([]),
  targetFileBytes: z
    .int()
    .min(64 * 1024)
    .max(1024 * MIB)
    .default(64 * MIB),
  bufferBytes: z
    .int()
    .min(MIB)
    .max(2048 * MIB)
    .default(256 * MIB),
})

/** Options of {@link delta}; `T` is the type of its records. */
export interface DeltaOptions<T> {
  /** Directory of the table; created where it is absent. A relative path counts from the working directory. */
  readonly path: string
  /** Fields that become directories instead of columns of the files, outermost first. Default none. */
  readonly partitionBy?: readonly (keyof T & string)[]
  /** Bytes of columns after which a file is closed, before encoding. Default 64 MiB: files of 10 to 30 MiB. */
  readonly targetFileBytes?: number
  /** Bytes of columns that one task keeps in open files of all partitions; the largest is closed above. Default 256 MiB. */
  readonly bufferBytes?: number
}

/** Options with all defaults filled in. */
export type ResolvedOptions = Readonly<z.infer<typeof schema>>

/** Throws `MR_OPTION_UNKNOWN`, `MR_OPTION_INVALID`. */
export function resolveOptions(options: object): ResolvedOptions {
  refuseUnknownKeys('delta()', options, Object.keys(schema.shape))
  const parsed = schema.safeParse(options)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new MillraceError('MR_OPTION_INVALID', `delta(): ${issue.path.join('.')}: ${issue.message}`)
  }
  const repeated = parsed.data.partitionBy.find((name, index, all) => all.indexOf(name) !== index)
  if (repeated !== undefined)
    throw new MillraceError('MR_OPTION_INVALID', `delta(): partitionBy names "${repeated}" twice`)
  return Object.freeze(parsed.data)
}
