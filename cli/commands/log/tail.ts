import { type TailOptions, tailTopic } from '../../../connectors/log/tail.ts'
import { parseCount, parseIndex } from '../../arguments.ts'
import { recordFields, recordText } from '../../record-text.ts'
import type { Session } from '../../session.ts'
import { untilSignal } from '../../until-signal.ts'
import { type AddLogCommand, type LogFlags, openLog } from './log-flags.ts'

interface TailFlags extends LogFlags {
  readonly partition?: number
  readonly last?: number
  readonly offset?: number
  readonly latest?: boolean
  readonly follow?: boolean
}

export function addTail(add: AddLogCommand, session: Session): void {
  add('tail <topic>', 'print records')
    .option('--partition <number>', 'one partition only', parseIndex)
    .option('--last <count>', 'only so many at the end of each partition', parseCount)
    .option('--offset <offset>', 'begin at this offset', parseIndex)
    .option('--latest', 'begin at the end')
    .option('-f, --follow', 'wait for more')
    .action((topic: string, flags: TailFlags) => tail(session, topic, flags))
}

async function tail({ output }: Session, topic: string, flags: TailFlags): Promise<void> {
  const { partition } = flags
  const options: TailOptions = { start: startOf(flags), ...(partition === undefined ? {} : { partition }) }
  const print = async (more: Pick<TailOptions, 'follow'>): Promise<void> => {
    for await (const record of tailTopic(openLog(flags), topic, { ...options, ...more })) {
      await output.item(recordFields(record), () => recordText(record))
    }
  }
  if (flags.follow === true) await untilSignal((follow) => print({ follow }))
  else await print({})
}

function startOf({ last, offset, latest }: TailFlags): NonNullable<TailOptions['start']> {
  if (last !== undefined) return { last }
  if (offset !== undefined) return { offset }
  return latest === true ? 'latest' : 'earliest'
}
