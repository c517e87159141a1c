import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { toMillraceError } from '../../core/model/errors.ts'
import { type Finding, failure } from '../../core/ports/diagnosis.ts'
import { neededNode } from '../system/package-version.ts'

const GIB = 2 ** 30
/** Less makes a long run likely to end with a full disk. */
const FEW_GIB = 1

/** Whether this Node.js is new enough. */
export function nodeFinding(version: string = process.versions.node): Finding {
  const needed = neededNode()
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number)
  const found = `${version}; ${needed} or newer is needed`
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) {
    return { kind: 'ok', subject: 'Node.js', found }
  }
  return { kind: 'failed', subject: 'Node.js', found, advice: `install Node.js ${needed} or newer`, code: 'MR_USAGE' }
}

/** Whether files can be made in a directory, or where it would be made, and how much room there is. */
export function directoryFindings(subject: string, directory: string): readonly Finding[] {
  const existing = nearestExisting(directory)
  try {
    accessSync(existing, constants.W_OK | constants.X_OK)
  } catch (error) {
    const { message } = toMillraceError(error, 'MR_FILE_IO')
    return [failure(subject, 'MR_FILE_IO', `this user cannot write to ${existing}: ${message}`)]
  }
  const found = existing === directory ? `${directory} can be written` : `${directory} can be made in ${existing}`
  return [{ kind: 'ok', subject, found }, roomFinding(existing)]
}

function roomFinding(directory: string): Finding {
  const { bavail, bsize } = statfsSync(directory)
  const free = (bavail * bsize) / GIB
  const subject = `disk of ${directory}`
  const found = `${free.toFixed(1)} GiB are free`
  if (free >= FEW_GIB) return { kind: 'ok', subject, found }
  return { kind: 'warning', subject, found, advice: 'make room: a job whose disk is full stops' }
}

function nearestExisting(directory: string): string {
  return existsSync(directory) || dirname(directory) === directory ? directory : nearestExisting(dirname(directory))
}
