import type { KafkaDelivery } from '../../../connectors/kafka/index.ts'
import { type FaultOptions, NO_FAULTS } from '../faults.ts'
import type { SeededRandom } from '../seeded-random.ts'

/** Calls that change something in Kafka, at which a process may die or fall asleep. */
const CALLS = ['InitProducerId', 'AddPartitionsToTxn', 'Produce', 'EndTxn', 'OffsetCommit', 'CreateTopics'] as const

/** Moments of a call: it is on its way and may yet get lost; it took effect and nobody heard of it. */
export type CallMoment = 'sent' | 'done'

/** At the nth call of this kind. */
export interface KafkaCrash {
  readonly kind: 'kafka'
  readonly moment: CallMoment
  readonly call: (typeof CALLS)[number]
  readonly nth: number
}

/** What of the world around the pipeline is in Kafka, and what befalls it there. */
export interface KafkaPlan {
  /** The events; else they are in the embedded log. */
  readonly reads: boolean
  /** The refused records. */
  readonly letters: boolean
  /** There is a second sink, and it is in Kafka. */
  readonly mirrors: boolean
  /** Guarantee of the second sink, where it is in Kafka. */
  readonly delivery: KafkaDelivery
  readonly faults: FaultOptions
  /** Steps of the simulation between outages, about; 0: there are none. */
  readonly outageEvery: number
  /** Share of the lives that end at a call of Kafka. */
  readonly crashes: number
}

/** The part of Kafka in one seed; most seeds have none. */
export function kafkaPlanOf(random: SeededRandom): KafkaPlan | undefined {
  if (!random.chance(0.4)) return undefined
  const reads = random.chance(0.7)
  return {
    reads,
    letters: random.chance(0.7),
    mirrors: !reads || random.chance(0.6),
    delivery: random.fork('delivery').chance(0.4) ? 'at-least-once' : 'exactly-once',
    faults: random.chance(0.5) ? { refused: 0.02, replyLost: 0.02, budget: 60 } : NO_FAULTS,
    outageEvery: random.chance(0.5) ? 300 + random.below(1_500) : 0,
    crashes: random.pick([0, 0.5, 0.8]),
  }
}

/** A place in Kafka to die or to fall asleep at. */
export function kafkaCrashOf(random: SeededRandom): KafkaCrash {
  // Twice as often where a transaction of the process is decided.
  const call = random.pick([...CALLS, 'Produce', 'EndTxn'] as const)
  return {
    kind: 'kafka',
    moment: random.pick(['sent', 'done'] as const),
    call,
    nth: call === 'CreateTopics' ? 1 : 1 + random.below(6),
  }
}
