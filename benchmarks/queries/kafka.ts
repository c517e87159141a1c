import { countText } from 'millrace/platform'
import { barChart } from '../chart.ts'
import { type Spread, spreadOf, spreadText } from '../figures.ts'
import { fillKafka } from '../kafka-topic.ts'
import type { ConsumeFigures } from '../processes/kafka/measure.ts'
import type { Report } from '../report.ts'
import { runJava, runProcess, workspace } from '../workspace.ts'

const CLIENTS = {
  millrace: 'Millrace, record-batch views',
  kafkajs: 'kafkajs, eachBatch',
  platformatic: '@platformatic/kafka, stream',
  java: 'Java KafkaConsumer',
} as const
type Client = keyof typeof CLIENTS

/** So many times cheaper than each of them, at least. */
const BARS: Readonly<Partial<Record<Client, number>>> = { kafkajs: 4, java: 2.5 }
const MOST_RSS_MIB = 250

/** Consumes one topic with several clients, values not parsed, in turn. Needs `KAFKA_BROKERS`. */
export async function kafka(options: { readonly events: number; readonly pairs: number }): Promise<Report> {
  const brokers = process.env.KAFKA_BROKERS
  if (brokers === undefined)
    throw new Error('KAFKA_BROKERS is not set; run `npm run kafka -- npm run benchmark -- --query kafka`')
  const topic = await fillKafka(brokers, options.events)
  const figures: Record<Client, ConsumeFigures[]> = { millrace: [], kafkajs: [], platformatic: [], java: [] }
  for (let round = 0; round < options.pairs; round++) {
    for (const client of Object.keys(figures) as Client[]) {
      const args = [brokers, topic, String(options.events)]
      const found = (await (client === 'java'
        ? runJava('kafka/ConsumeKafka.java', args)
        : runProcess(`kafka/consume-${client}`, { cwd: workspace('kafka'), args }))) as ConsumeFigures
      figures[client].push(found)
      console.error(`round ${round + 1}: ${client} ${micros(found).toFixed(3)} µs, ${found.peakRssMiB.toFixed(0)} MiB`)
    }
  }
  return reportOf(options.events, figures)
}

/** CPU per record between the first quarter and the end. */
function micros({ steadyCpuMs, steadyRecords }: ConsumeFigures): number {
  return (1000 * steadyCpuMs) / steadyRecords
}

function reportOf(events: number, figures: Readonly<Record<Client, readonly ConsumeFigures[]>>): Report {
  const clients = Object.keys(CLIENTS) as Client[]
  const cost = Object.fromEntries(clients.map((client) => [client, spreadOf(figures[client].map(micros))])) as Record<
    Client,
    Spread
  >
  const rss = Object.fromEntries(
    clients.map((client) => [client, spreadOf(figures[client].map(({ peakRssMiB }) => peakRssMiB))]),
  ) as Record<Client, Spread>
  const ratio = Object.fromEntries(
    clients.map((client) => [
      client,
      spreadOf(figures[client].map((found, i) => micros(found) / micros(figures.millrace[i]!))),
    ]),
  ) as Record<Client, Spread>
  const missed = clients.filter((client) => ratio[client].median < (BARS[client] ?? 0))
  const isMet = missed.length === 0 && rss.millrace.median <= MOST_RSS_MIB
  return {
    query: 'kafka',
    title: 'Consuming Kafka, values not parsed',
    method: `${countText(events)} records of about 200 bytes (lz4, 4 partitions, batches of up to 64 KB) are read from a broker on the same
machine, by each client in a process of its own, one after the other in every round. CPU time is that of the client's
process, all threads, between a quarter of the records and the last one. Millrace checks the CRC of every batch and makes
views of all keys and values; kafkajs checks none. Figures are medians with least and greatest of ${figures.millrace.length} rounds.`,
    command: `npm run kafka -- npm run benchmark -- --query kafka --events ${events}`,
    columns: ['client', 'CPU per record, µs', 'times Millrace', 'peak resident, MiB'],
    lines: clients.map((client) => [
      CLIENTS[client],
      spreadText(cost[client], 3),
      spreadText(ratio[client]),
      spreadText(rss[client], 0),
    ]),
    verdict: `Millrace is ${spreadText(ratio.kafkajs)} times cheaper than kafkajs (bar ${BARS.kafkajs}) and ${spreadText(ratio.java)} times cheaper than Java (bar ${BARS.java}), with ${spreadText(rss.millrace, 0)} MiB (bar ${MOST_RSS_MIB}): ${isMet ? 'met' : 'NOT met'}.`,
    isMet,
    figures: { events, figures },
    chart: barChart(
      'CPU time per record',
      'µs',
      clients.map((client) => {
        const { median, min, max } = cost[client]
        return { label: CLIENTS[client], value: median, min, max }
      }),
    ),
  }
}
