import { MillraceError } from '../../core/model/errors.ts'

const DEFAULT_BYTES = 1_048_576
const MOST_BYTES = 67_108_864

/** Checks the option `maxValueBytes` of a source; default 1 MiB, at most 64 MiB. Throws `MR_OPTION_INVALID`. */
export function resolveMaxValueBytes(where: string, bytes: number = DEFAULT_BYTES): number {
  if (Number.isInteger(bytes) && bytes > 0 && bytes <= MOST_BYTES) return bytes
  throw new MillraceError('MR_OPTION_INVALID', `${where}: maxValueBytes is 1 to ${MOST_BYTES}, not ${bytes}`)
}
