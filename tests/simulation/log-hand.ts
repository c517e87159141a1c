import { PartitionedLog, tailTopic } from '../../connectors/log/index.ts'
import { splitId } from '../../core/model/position.ts'
import type { Bounds } from '../../core/runtime/job/bounds.ts'
import type { GeneratedRecord } from '../../examples/events-curated/generate-events.ts'
import type { FoundRecord } from './check-end.ts'
import { LOG_DIRECTORY, type Scenario, TOPIC } from './scenario.ts'
import { SimulatedClock } from './simulated-clock.ts'
import type { SimulatedDisk } from './simulated-files.ts'
import type { Simulation } from './simulation-scheduler.ts'

/** Works on the log of the simulated disk as a process of its own that nobody kills. */
export class LogHand {
  readonly #simulation: Simulation
  readonly #disk: SimulatedDisk

  constructor(simulation: Simulation, disk: SimulatedDisk) {
    this.#simulation = simulation
    this.#disk = disk
  }

  async create(topic: string, partitions: number): Promise<void> {
    await this.#work((log) => log.createTopic(topic, partitions))
  }

  /** Appends records to the partitions that they belong to, as batches of the scenario's size. */
  async append(part: readonly GeneratedRecord[], scenario: Scenario): Promise<void> {
    await this.#work(async (log) => {
      const appender = await log.openAppender(TOPIC)
      for (let partition = 0; partition < scenario.partitions; partition++) {
        const records = part.filter((record) => record.split === partition).map(toEncodable)
        for (let at = 0; at < records.length; at += scenario.recordsPerBatch) {
          await appender.append(partition, records.slice(at, at + scenario.recordsPerBatch))
        }
      }
      await appender.sync()
      await appender.close()
    })
  }

  /** Where each split of a topic ends. */
  async ends(topic: string): Promise<Bounds> {
    return this.#work(async (log) => {
      const found = await log.topic(topic)
      const ends = new Map<string, number>()
      for (let partition = 0; partition < found.partitions; partition++) {
        ends.set(splitId(topic, partition), (await log.bounds(found, partition)).end)
      }
      return ends
    })
  }

  /** All records of a topic, none where it does not exist. */
  async read(topic: string): Promise<readonly FoundRecord[]> {
    return this.#work(async (log) => {
      const found: FoundRecord[] = []
      if ((await log.findTopic(topic)) === undefined) return found
      for await (const { headers, value } of tailTopic(log, topic)) {
        const texts = headers.map((header) => [header.key, new TextDecoder().decode(header.value ?? new Uint8Array())])
        found.push({ headers: Object.fromEntries(texts), value })
      }
      return found
    })
  }

  async #work<T>(work: (log: PartitionedLog) => Promise<T>): Promise<T> {
    const hand = this.#simulation.incarnation('hand')
    const ports = {
      files: this.#disk.fileStore(hand),
      clock: new SimulatedClock(this.#simulation, hand),
      random: this.#simulation.random.fork(hand.name),
    }
    this.#disk.faults.quiet(true)
    const result = await this.#simulation.finish(work(new PartitionedLog(ports, LOG_DIRECTORY)))
    this.#disk.faults.quiet(false)
    hand.crash()
    return result
  }
}

function toEncodable({ timestampMs, recordKey, value }: GeneratedRecord) {
  return { timestamp: timestampMs, key: recordKey, value, headers: [] }
}
