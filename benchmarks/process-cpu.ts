import { readFileSync } from 'node:fs'

const MS_PER_TICK = 10

/** CPU time that a process used so far, all threads, ms; `undefined` where it is not known which process it is. */
export function cpuMsOf(pid: string | number | undefined): number | undefined {
  if (pid === undefined) return undefined
  // After the name in parentheses, which may hold spaces: state, ten other fields, user and system time in ticks.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
  return MS_PER_TICK * (Number(fields[11]) + Number(fields[12]))
}
