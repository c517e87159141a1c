import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const MS_PER_TICK = 10

/** CPU time that the broker of `npm run kafka` used so far; `undefined` where it is not known which process it is. */
export function brokerCpuMs(): number | undefined {
  const pid = process.env.KAFKA_BROKER_PID
  if (pid === undefined) return undefined
  // After the name in parentheses, which may hold spaces: state, ten other fields, user and system time in ticks.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
  return MS_PER_TICK * (Number(fields[11]) + Number(fields[12]))
}

/** Bytes of a topic as that broker keeps and sends them; `undefined` where its directory is not known. */
export function storedBytes(topic: string): number | undefined {
  const directory = process.env.KAFKA_BROKER_LOG
  if (directory === undefined) return undefined
  const partitions = readdirSync(directory).filter(
    (name) => /^\d+$/.test(name.slice(topic.length + 1)) && name.startsWith(`${topic}-`),
  )
  const segments = partitions.flatMap((partition) =>
    readdirSync(join(directory, partition)).flatMap((name) =>
      name.endsWith('.log') ? [join(directory, partition, name)] : [],
    ),
  )
  return segments.reduce((sum, segment) => sum + statSync(segment).size, 0)
}
