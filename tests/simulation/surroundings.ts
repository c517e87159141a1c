import type { GroupOffset } from '../../connectors/kafka/index.ts'
import { splitId } from '../../core/model/position.ts'
import type { Bounds } from '../../core/runtime/job/bounds.ts'
import { type GeneratedRecord, generateEvents } from '../../examples/events-curated/generate-events.ts'
import type { FoundRecord, Mirrored } from './check-end.ts'
import { NO_FAULTS } from './faults.ts'
import { committedRecords } from './kafka/committed-records.ts'
import { KafkaHand } from './kafka/kafka-hand.ts'
import { KafkaOutages } from './kafka/kafka-outages.ts'
import { SimulatedNetwork } from './kafka/simulated-network.ts'
import { LogHand } from './log-hand.ts'
import { MIRROR, RECORDS, type Scenario, TOPIC } from './scenario.ts'
import type { SimulatedDisk } from './simulated-files.ts'
import type { Simulation } from './simulation-scheduler.ts'

/** The topics around the pipeline, in the embedded log or in Kafka: what others write there, and what the pipeline left there. */
export class Surroundings {
  readonly network: SimulatedNetwork
  readonly #simulation: Simulation
  readonly #scenario: Scenario
  readonly #log: LogHand
  readonly #kafka: KafkaHand | undefined
  readonly #outages: KafkaOutages
  readonly #records: readonly GeneratedRecord[]
  #appended = 0

  constructor(simulation: Simulation, disk: SimulatedDisk, scenario: Scenario) {
    this.#simulation = simulation
    this.#scenario = scenario
    this.#records = generateEvents({ from: 0, to: RECORDS }, scenario.events)
    this.#log = new LogHand(simulation, disk)
    this.network = new SimulatedNetwork(simulation, scenario.kafka?.faults ?? NO_FAULTS)
    const { cluster } = this.network
    this.#kafka = scenario.kafka?.reads === true ? new KafkaHand(simulation, cluster, TOPIC) : undefined
    this.#outages = new KafkaOutages(simulation, cluster, scenario.kafka?.outageEvery ?? 0)
  }

  async createTopic(): Promise<void> {
    const { partitions } = this.#scenario
    if (this.#kafka === undefined) await this.#log.create(TOPIC, partitions)
    else this.network.cluster.createTopic(TOPIC, partitions)
  }

  /** Appends the records up to this one; to Kafka bit by bit. */
  async append(until: number): Promise<void> {
    const part = this.#records.slice(this.#appended, until)
    this.#appended = until
    if (this.#kafka === undefined) await this.#log.append(part, this.#scenario)
    else this.#kafka.append(part, this.#scenario.recordsPerBatch)
  }

  /** Called once per step of the process under test. */
  step(): void {
    this.#kafka?.step()
    this.#outages.step()
  }

  /** Nothing breaks in Kafka until `disturb`, and what was decided there is done. */
  async calm(): Promise<void> {
    this.#outages.end()
    this.network.faults.quiet(true)
    const { coordinator } = this.network.cluster
    while (coordinator.isBusy) await this.#simulation.finish(this.#simulation.after(1))
  }

  disturb(): void {
    this.network.faults.quiet(false)
  }

  /** Everything is written and decided, and nothing breaks any more. */
  async settle(): Promise<void> {
    this.#outages.end()
    this.network.faults.heal()
    await this.#kafka?.settle()
  }

  /** Where each split ends, once everything is settled. */
  async ends(): Promise<Bounds> {
    if (this.#kafka === undefined) return this.#log.ends(TOPIC)
    const partitions = Array.from({ length: this.#scenario.partitions }, (_, partition) => partition)
    const { cluster } = this.network
    return new Map(
      partitions.map((partition) => [splitId(TOPIC, partition), cluster.log({ topic: TOPIC, partition }).end]),
    )
  }

  /** The records with the offsets that they have. */
  get written(): readonly GeneratedRecord[] {
    return this.#kafka?.written ?? this.#records
  }

  /** The dead letters. */
  letters(): Promise<readonly FoundRecord[]> {
    return this.#read(`${TOPIC}.dlq`, this.#scenario.kafka?.letters)
  }

  async mirrored(): Promise<Mirrored | undefined> {
    const { hasMirror, kafka } = this.#scenario
    if (!hasMirror) return undefined
    const mayRepeat = kafka?.mirrors === true && kafka.delivery === 'at-least-once'
    return { records: await this.#read(MIRROR, kafka?.mirrors), mayRepeat }
  }

  /** What lag tools see in Kafka of a pipeline. */
  groupOffsets(pipeline: string): readonly GroupOffset[] {
    return this.network.cluster.groupOffsets(pipeline)
  }

  async #read(topic: string, isInKafka: boolean | undefined): Promise<readonly FoundRecord[]> {
    return isInKafka === true ? committedRecords(this.network.cluster, topic) : this.#log.read(topic)
  }
}
