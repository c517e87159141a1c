import { chdir, cwd } from 'node:process'
import { PartitionedLog } from 'millrace/connectors/log'
import { countText, systemPorts } from 'millrace/platform'
import { fillLog } from '../examples/events-curated/fill-log.ts'

/** Sees to it that topic `events` of a workspace holds the first `events` seeded events and no more. */
export async function fillEvents(directory: string, events: number): Promise<void> {
  const before = cwd()
  chdir(directory)
  try {
    const present = await eventsIn()
    if (present > events) throw new Error(`${directory}: the topic holds ${present} events, not ${events}; remove it`)
    if (present === events) return
    console.error(`writing ${countText(events - present)} events to ${directory}`)
    await fillLog(events - present)
  } finally {
    chdir(before)
  }
}

async function eventsIn(): Promise<number> {
  const log = new PartitionedLog(systemPorts(), '.millrace/log')
  const topic = await log.findTopic('events')
  if (topic === undefined) return 0
  let present = 0
  for (let partition = 0; partition < topic.partitions; partition++) present += (await log.bounds(topic, partition)).end
  return present
}
