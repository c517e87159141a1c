import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cpuMsOf } from './process-cpu.ts'

/** CPU time that the broker of `npm run kafka` used so far, ms; `undefined` where it is not known which process it is. */
export function brokerCpuMs(): number | undefined {
  return cpuMsOf(process.env.KAFKA_BROKER_PID)
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
