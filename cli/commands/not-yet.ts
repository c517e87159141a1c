import type { Command } from 'commander'
import { MillraceError } from '../../core/model/errors.ts'

/** Commands that the design names and this version does not do. */
const PLANNED = [
  'savepoint',
  'init',
  'dev',
  'lint',
  'test',
  'contract',
  'pause',
  'resume',
  'scale',
  'state',
  'quarantine',
  'gate',
  'backfill',
  'replay',
  'schedule',
  'table',
  'alert',
  'lineage',
  'ui',
]

/** Says of planned commands that they are not there yet, instead of calling them unknown. */
export function addNotYet(program: Command): void {
  for (const word of PLANNED) {
    program
      .command(word, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .helpOption(false)
      .action(() => {
        throw notYet(`\`millrace ${word}\``)
      })
  }
}

export function notYet(what: string): MillraceError {
  return new MillraceError('MR_NOT_YET', `${what} is planned, but this version does not do it`)
}
