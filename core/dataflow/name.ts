import { MillraceError } from '../model/errors.ts'

/** Throws `MR_OPTION_INVALID` unless `name` can stand in file names, topics and table metadata everywhere. */
export function checkName(what: string, name: string): void {
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name)) {
    const rule = 'lower-case letters, digits, _ and -, beginning with a letter or digit, at most 64'
    throw new MillraceError('MR_OPTION_INVALID', `"${name}" cannot name a ${what}: ${rule}`)
  }
}
