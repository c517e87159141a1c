import type { Command } from 'commander'
import { PartitionedLog } from '../../../connectors/log/partitioned-log/partitioned-log.ts'
import { systemPorts } from '../../../platform/system/system-ports.ts'

/** What every command of the log takes. */
export interface LogFlags {
  readonly directory: string
}

/** Adds a command to the group, with what they all take. */
export type AddLogCommand = (usage: string, description: string) => Command

export function openLog({ directory }: LogFlags): PartitionedLog {
  return new PartitionedLog(systemPorts(), directory)
}
