import { tableText } from '../../../platform/status/table-text.ts'
import { parseCount } from '../../arguments.ts'
import type { Session } from '../../session.ts'
import { type AddLogCommand, type LogFlags, openLog } from './log-flags.ts'

interface CreateFlags extends LogFlags {
  readonly partitions: number
}

/** `log create` and `log ls`. */
export function addTopics(add: AddLogCommand, session: Session): void {
  add('create <topic>', 'create a topic')
    .option('--partitions <count>', 'partitions', parseCount, 1)
    .action((topic: string, flags: CreateFlags) => create(session, topic, flags))
  add('ls', 'list the topics').action((flags: LogFlags) => list(session, flags))
}

async function create({ output }: Session, name: string, flags: CreateFlags): Promise<void> {
  const topic = await openLog(flags).createTopic(name, flags.partitions)
  output.result(
    'log create',
    { topic },
    () => `topic ${topic.name} with ${topic.partitions} partitions, id ${topic.id}`,
  )
}

async function list({ output }: Session, flags: LogFlags): Promise<void> {
  const topics = await openLog(flags).listTopics()
  output.result('log ls', { topics }, () =>
    tableText(
      ['topic', 'partitions', 'id'],
      topics.map(({ name, partitions, id }) => [name, partitions, id]),
    ),
  )
}
