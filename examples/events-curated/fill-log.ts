import { PartitionedLog } from 'millrace/connectors/log'
import { systemPorts } from 'millrace/platform'
import { generateEvents } from './generate-events.ts'

const TOPIC = 'events'
const SPLITS = 4
/** What the events of the example are a function of, besides their number. */
export const EVENT_OPTIONS = { seed: 20240301, splits: SPLITS } as const
const CHUNK = 20_000

/** Appends the next `count` seeded events to the topic of the example; each call goes on where the last one stopped. */
export async function fillLog(count: number): Promise<{ readonly from: number; readonly to: number }> {
  const log = new PartitionedLog(systemPorts(), '.millrace/log')
  const topic = await log.createTopic(TOPIC, SPLITS)
  let from = 0
  for (let partition = 0; partition < SPLITS; partition++) from += (await log.bounds(topic, partition)).end
  const appender = await log.openAppender(TOPIC)
  try {
    for (let start = from; start < from + count; start += CHUNK) {
      const events = generateEvents({ from: start, to: Math.min(start + CHUNK, from + count) }, EVENT_OPTIONS)
      for (const [split, records] of Map.groupBy(events, (event) => event.split)) {
        await appender.append(
          split,
          records.map(({ timestampMs, recordKey, value }) => ({
            timestamp: timestampMs,
            key: recordKey,
            value,
            headers: [],
          })),
        )
      }
    }
    await appender.sync()
  } finally {
    await appender.close()
  }
  return { from, to: from + count }
}
