// Sends orders to one topic when they are due and reads the results from another one. Its argument is a `DriverOrder` as JSON; it
// prints `DriverFigures`.
import { type KafkaClient, kafkaClient } from 'millrace/connectors/kafka'
import { systemPorts } from 'millrace/platform'
import type { DriverFigures, DriverOrder } from '../../latency/driver-figures.ts'
import { LatencyHistogram } from '../../latency/latency-figures.ts'
import { OpenLoopSender } from '../../latency/open-loop-sender.ts'
import { numberAt, OrderStream } from '../../latency/order-stream.ts'
import { type BrokerTimes, ResultReader } from '../../latency/result-reader.ts'
import { Schedule } from '../../latency/schedule.ts'
import { StatelessResults } from '../../latency/stateless-results.ts'
import { TumblingResults } from '../../latency/tumbling-results.ts'
import { ORDER_PARTITIONS } from '../../orders/generate-orders.ts'
import { cpuMsOf } from '../../process-cpu.ts'

const MOST_START_SECONDS = 90
const TAIL_SECONDS = 3
/** So long results may fail to come before they are missing. */
const PATIENCE_MS = 10_000
const LOOK_MS = 100
/** What Node's timers can do at best. */
const EVERY_MS = 1

// Only the benchmark starts this.
const order = JSON.parse(process.argv[2] ?? '') as DriverOrder
const { brokers, input, output, seconds, ratePerSecond, warmUpSeconds } = order
const client = await kafkaClient(systemPorts({ pipeline: 'benchmark-driver' }), {
  brokers,
  isolation: 'read_uncommitted',
})
const stream = new OrderStream()
const mostSeconds = MOST_START_SECONDS + warmUpSeconds + seconds + TAIL_SECONDS
// The last of what takes time: the first record is due half a second later.
const nowMs = performance.now()
const schedule = new Schedule({ ratePerSecond, seconds, nowMs, epochNowMs: performance.timeOrigin + nowMs })
const results =
  order.query === 'stateless'
    ? new StatelessResults(stream, schedule, mostSeconds)
    : new TumblingResults(stream, schedule, mostSeconds)
let firstResultSeconds = Number.POSITIVE_INFINITY
const cpu = Promise.withResolvers<Pick<DriverFigures, 'systemCpuShare' | 'brokerCpuShare' | 'driverCpuShare'>>()
const reader = new ResultReader({
  client,
  topic: output,
  results,
  schedule,
  capacity: schedule.firstOf(seconds) * 2,
  onFirst: () => {
    firstResultSeconds = (performance.now() - schedule.beginMs) / 1_000
    schedule.measureAfter(warmUpSeconds, performance.now())
    cpuShares().then(cpu.resolve, cpu.reject)
  },
})
const sender = new OpenLoopSender({
  producer: client.producer,
  topic: input,
  partitions: ORDER_PARTITIONS,
  stream,
  schedule,
  clock: { now: () => performance.now(), soon: (run) => setTimeout(run, EVERY_MS) },
})
const reading = reader.run()
const late = setTimeout(() => {
  if (firstResultSeconds === Number.POSITIVE_INFINITY) throw new Error(`no result within ${MOST_START_SECONDS} s`)
}, 1_000 * MOST_START_SECONDS)
await Promise.race([sender.run(), reading])
clearTimeout(late)
await allResults()
reader.close()

const figures: DriverFigures = {
  records: seconds * ratePerSecond,
  latency: reader.latency.figures(),
  brokerView: (await brokerView(client, reader.brokerTimes)).figures(),
  driverLag: sender.lag.figures(),
  missing: results.missing(),
  doubled: results.doubled,
  firstResultSeconds,
  ...(await cpu.promise),
}
console.log(JSON.stringify(figures))
await client.close()

/** Waits as long as results come and some are missing. */
async function allResults(): Promise<void> {
  let before = -1
  let restsSince = performance.now()
  while (results.missing() > 0 && performance.now() - restsSince < PATIENCE_MS) {
    if (reader.measured > before) restsSince = performance.now()
    before = reader.measured
    await Promise.race([pause(LOOK_MS), reading])
  }
}

/** CPU time over the measured time. */
async function cpuShares(): Promise<Pick<DriverFigures, 'systemCpuShare' | 'brokerCpuShare' | 'driverCpuShare'>> {
  const pids = [order.systemPid, process.env.KAFKA_BROKER_PID, process.pid]
  const until = (second: number) => pause(schedule.beginMs + 1_000 * second - performance.now())
  await until(schedule.fromSecond)
  const before = pids.map(cpuMsOf)
  await until(schedule.toSecond)
  const [systemCpuShare, brokerCpuShare, driverCpuShare] = pids.map(cpuMsOf).map((after, i) => {
    const begin = before[i]
    return after === undefined || begin === undefined ? undefined : (after - begin) / (1_000 * seconds)
  })
  return { systemCpuShare, brokerCpuShare, driverCpuShare }
}

/** Time between the broker's stamps on a record and on its result. The input is read only now, when it costs nobody anything. */
async function brokerView(client: KafkaClient, { numbers, appendedMs }: BrokerTimes): Promise<LatencyHistogram> {
  const sentMs = await inputTimes(client)
  const view = new LatencyHistogram()
  for (let i = 0; i < numbers.length; i++) view.record(appendedMs[i]! - sentMs[numbers[i]!]!)
  return view
}

/** When the broker took each record, ms after the event time of record 0. */
async function inputTimes(client: KafkaClient): Promise<Int32Array> {
  const times = new Int32Array(schedule.firstOf(mostSeconds))
  const [description] = await client.describeTopics([input])
  const places = Array.from({ length: ORDER_PARTITIONS }, (_, partition) => ({ topic: input, partition }))
  const ends = await client.listOffsets(places, 'latest')
  for (const [i, place] of places.entries()) {
    const feed = client.feed({ ...place, topicId: description!.id, offset: 0, leaderEpoch: -1 })
    for (let next = 0; next < ends[i]!; ) {
      const batch = feed.take()
      if (batch === undefined) {
        await feed.arrival()
        continue
      }
      for (let at = 0; at < batch.count; at++) {
        times[numberAt(batch.buffer, batch.valueStarts[at]!)] = batch.timestamps[at]! - schedule.epochMs
      }
      next = batch.nextOffset
    }
    feed.close()
  }
  return times
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
