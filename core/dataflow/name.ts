import { MillraceError } from '../model/errors.ts'

/**
 * Throws `MR_OPTION_INVALID` unless `name` can stand in file names, topics and table metadata everywhere. Counts are
 * kept by id in plain objects, so that the names which every object has are refused too.
 */
export function checkName(what: string, name: string): void {
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name) || name in {}) {
    const rule =
      'lower-case letters, digits, _ and -, beginning with a letter or digit, at most 64, and not constructor'
    throw new MillraceError('MR_OPTION_INVALID', `"${name}" cannot name a ${what}: ${rule}`)
  }
}
