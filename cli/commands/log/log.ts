import type { Command } from 'commander'
import type { Session } from '../../session.ts'
import { addAppend } from './append.ts'
import { addDescribe } from './describe.ts'
import { addMirror } from './mirror.ts'
import { addTail } from './tail.ts'
import { addTopics } from './topics.ts'

export function addLog(program: Command, session: Session): void {
  const group = program.command('log').description('create, fill and look at topics of the embedded log')
  const add = (usage: string, description: string): Command =>
    group
      .command(usage)
      .description(description)
      .option('--directory <directory>', 'directory of the log', '.millrace/log')
      .option('--json', 'print JSON')
  addTopics(add, session)
  addAppend(add, session)
  addTail(add, session)
  addDescribe(add, session)
  addMirror(add, session)
}
