import { PartitionedLog, type TopicAppender } from 'millrace/connectors/log'
import { countText, systemPorts } from 'millrace/platform'
import { FLIGHTS, type FlightColumns, readFlights } from './read-flights.ts'

const TOPIC = 'flights'
const PARTITIONS = 4
const encoder = new TextEncoder()

type FlightRecord = Parameters<TopicAppender['append']>[1][number]

/**
 * Puts all flights into the topic as JSON, keyed by origin: flights from one airport stay in the order of the file. What
 * is there already stays: a complete topic is left alone, and after a crash the rest is appended.
 */
export async function fillLog(): Promise<{ readonly appended: number }> {
  const log = new PartitionedLog(systemPorts(), '.millrace/log')
  const topic = await log.createTopic(TOPIC, PARTITIONS)
  const present: number[] = []
  for (let partition = 0; partition < PARTITIONS; partition++) present.push((await log.bounds(topic, partition)).end)
  const before = present.reduce((sum, count) => sum + count, 0)
  if (before === FLIGHTS) return { appended: 0 }
  const appender = await log.openAppender(TOPIC)
  try {
    const next = new Array<number>(PARTITIONS).fill(0)
    for await (const flights of readFlights()) {
      const records = recordsOf(flights)
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const group = records[partition]!
        const known = Math.min(group.length, Math.max(0, present[partition]! - next[partition]!))
        next[partition]! += group.length
        await appender.append(partition, known === 0 ? group : group.slice(known))
      }
      await appender.sync()
      console.error(`${countText(flights.first + flights.date.length)} flights in topic "${TOPIC}"`)
    }
  } finally {
    await appender.close()
  }
  return { appended: FLIGHTS - before }
}

/** The records of each partition. */
function recordsOf(flights: FlightColumns): readonly FlightRecord[][] {
  const records: FlightRecord[][] = Array.from({ length: PARTITIONS }, () => [])
  const { date, delay, distance, origin, destination } = flights
  const keys = new Map<string, { readonly bytes: Uint8Array; readonly partition: number }>()
  let time = Number.NaN
  let timeText = ''
  for (let i = 0; i < date.length; i++) {
    if (date[i] !== time) {
      time = date[i]!
      timeText = new Date(time).toISOString()
    }
    const from = origin[i]!
    const key = keys.get(from) ?? { bytes: encoder.encode(from), partition: partitionOf(from) }
    keys.set(from, key)
    const json = `{"date":"${timeText}","delay":${delay[i]},"distance":${distance[i]},"origin":"${from}","destination":"${destination[i]}"}`
    records[key.partition]!.push({ timestamp: time, key: key.bytes, value: encoder.encode(json), headers: [] })
  }
  return records
}

function partitionOf(origin: string): number {
  let hash = 0
  for (let i = 0; i < origin.length; i++) hash = Math.imul(hash, 131) + origin.charCodeAt(i)
  return ((hash ^ (hash >>> 3)) >>> 0) % PARTITIONS
}
