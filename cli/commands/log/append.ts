import { Option } from 'commander'
import { appendLines } from '../../../connectors/log/append-lines.ts'
import { countText } from '../../../core/observability/progress.ts'
import { stdinLines } from '../../../platform/system/stdin-lines.ts'
import { parseIndex } from '../../arguments.ts'
import type { Session } from '../../session.ts'
import { type AddLogCommand, type LogFlags, openLog } from './log-flags.ts'

interface AppendFlags extends LogFlags {
  readonly partition?: number
  readonly keySeparator?: string
  readonly codec: (typeof CODECS)[number]
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export function addAppend(add: AddLogCommand, session: Session): void {
  add('append <topic>', 'append each line of standard input as the value of a record')
    .option('--partition <number>', 'all into this partition (default: by key, or in turn)', parseIndex)
    .option('--key-separator <text>', 'text between key and value of a line')
    .addOption(new Option('--codec <codec>', 'compression').choices(CODECS).default('none'))
    .action((topic: string, flags: AppendFlags) => append(session, topic, flags))
}

async function append({ output }: Session, topic: string, flags: AppendFlags): Promise<void> {
  const { partition, keySeparator, codec } = flags
  const records = await appendLines(openLog(flags), topic, {
    lines: stdinLines(),
    codec,
    ...(partition === undefined ? {} : { partition }),
    ...(keySeparator === undefined ? {} : { keySeparator }),
  })
  output.result('log append', { topic, records }, () => `${countText(records)} records appended to ${topic}`)
}
