// Appends seeded events to topic `events` at a steady rate. Arguments: number of events, events per second.
import { setTimeout as delay } from 'node:timers/promises'
import { fillLog } from '../../examples/events-curated/fill-log.ts'

const STEP_MS = 100

const [events = 0, rate = 0] = process.argv.slice(2).map(Number)
const begin = performance.now()
let fed = 0
while (fed < events) {
  const due = Math.min(events, Math.ceil((rate * (performance.now() - begin)) / 1000))
  if (due > fed) await fillLog(due - fed)
  fed = Math.max(fed, due)
  await delay(STEP_MS)
}
console.log(JSON.stringify({ fed, wallMs: performance.now() - begin }))
