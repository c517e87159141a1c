import { delta } from '../../connectors/delta/index.ts'
import { type KafkaClientFactory, kafka, kafkaDeadLetters, kafkaTopic } from '../../connectors/kafka/index.ts'
import { deadLetterTopic, log, logTopic } from '../../connectors/log/index.ts'
import { type Pipeline, pipeline } from '../../core/dataflow/pipeline.ts'
import { FAILPOINTS, type FailpointName } from '../../core/ports/failpoint.ts'
import type { DeadLetterSinkSpec } from '../../core/ports/sink.ts'
import type { JobOptions } from '../../core/runtime/job/job-ports.ts'
import type { EventOptions } from '../../examples/events-curated/generate-events.ts'
import { deduplicate, derive, field, filter, utcDate } from '../../operators/index.ts'
import { event } from './event-contract.ts'
import { type FaultOptions, NO_FAULTS } from './faults.ts'
import { type KafkaCrash, type KafkaPlan, kafkaCrashOf, kafkaPlanOf } from './kafka/kafka-plan.ts'
import { WINDOWS, type WindowTiming, windowsByRegion } from './kept-windows.ts'
import { keyGroupsOf, type LittleMemory, littleMemoryOf } from './little-memory.ts'
import type { SeededRandom } from './seeded-random.ts'

export const LOG_DIRECTORY = '/log'
export const TABLE = '/warehouse/curated'
export const WINDOW_TABLE = '/warehouse/windows'
export const TABLES = [TABLE, WINDOW_TABLE] as const
export const TOPIC = 'events'
export const MIRROR = 'mirror'
export const RECORDS = 500

/** Where the process of one life is to die. */
export type CrashPlan =
  | { readonly kind: 'failpoint'; readonly name: FailpointName; readonly nth: number }
  | { readonly kind: 'steps'; readonly steps: number }
  /** Right after the nth change of a file whose path ends like this: between what must be durable in order. */
  | { readonly kind: 'file'; readonly ending: string; readonly nth: number }
  | KafkaCrash

/** A start that comes to nothing, perhaps on a host of its own. */
export interface Stillbirth {
  readonly crash: CrashPlan
  readonly host: 'same' | 'new'
}

/** Where a process falls asleep, the first time that it comes there. */
export type SleepPlace = Extract<CrashPlan, { readonly nth: number }>

/** A second host takes over while the first one is only asleep. */
export interface ZombiePlan {
  /** The life that falls asleep, and where. */
  readonly life: number
  readonly at: SleepPlace
  /** It wakes up while its successor does again what it slept over, or after some steps of a later life. */
  readonly wakes: 'at redo' | 'later'
  readonly sleeps: number
}

/** What befalls one life of the process. */
export interface LifePlan {
  readonly crash: CrashPlan
  /** Starts before it that die soon: during recovery, or not long after. */
  readonly stillborn: readonly Stillbirth[]
  readonly workers: number
  /** Where it starts; another host has no local state, or that of a life long ago. Only where checkpoints are shared. */
  readonly host: 'same' | 'new' | 'earlier'
}

/** Everything that a seed decides before anything runs. */
export interface Scenario {
  readonly pipelineName: string
  readonly options: JobOptions
  readonly events: EventOptions
  readonly partitions: number
  readonly recordsPerBatch: number
  readonly isShared: boolean
  readonly hasMirror: boolean
  readonly partitionBy: readonly ('partition_date' | 'region')[]
  readonly faults: FaultOptions
  readonly lives: readonly LifePlan[]
  /** The last life begins on a fresh host, from the shared checkpoints alone. */
  readonly endsElsewhere: boolean
  readonly zombie: ZombiePlan | undefined
  /** Numbers of records, counted over all lives, at which a function of the pipeline throws; empty: it has none. */
  readonly throwsAt: readonly number[]
  /** Steps of the simulation between versions of another writer; 0: there is none. */
  readonly foreignEvery: number
  /** What is in Kafka instead of the embedded log; `undefined`: nothing. */
  readonly kafka: KafkaPlan | undefined
  /** Windows of the kept records by region, into a table of their own; `undefined`: there are none. */
  readonly windows: WindowTiming | undefined
  /** Its state has more than its memory; `undefined`: it has room. */
  readonly memory: LittleMemory | undefined
  /** Its deduplication keeps the bytes of keys. */
  readonly isExact: boolean
  /** Stored values from this size on lie in files. */
  readonly largeBytes: number
}

/** Main-thread points at which no topic lock is held: there a process may fall asleep and come back as a zombie. */
const ZOMBIE_POINTS: readonly FailpointName[] = [
  'P3-before-prepare',
  'P3-prepared',
  'P4-before-manifest',
  'P4-manifest-created',
  'P5-before-commit',
  'P6-acknowledged',
  'P8-advised',
]

/** There a process and its successor are about to do the same. */
const RACE_POINTS: readonly FailpointName[] = ['P4-manifest-created', 'P5-before-commit']

/** Between the look at the table and the creation of its next version. */
const IN_COMMIT: SleepPlace = { kind: 'file', ending: '.json.tmp', nth: 1 }
/** Between the decision what to do with what is left of the life before and the claim that it is done here. */
const IN_RECOVERY: SleepPlace = { kind: 'failpoint', name: 'recovery-decided', nth: 1 }

/** The plan of one seed. The first crash walks through all failpoints as seeds go up. */
export function scenarioOf(seed: number, random: SeededRandom): Scenario {
  const partitions = 3 + random.below(2)
  const isShared = random.chance(0.6)
  // Few records per epoch and many epochs, so that blocks of state are merged.
  const isDrip = random.chance(0.12)
  // Most records come to nothing, so that epochs without rows are usual.
  const isSparse = random.chance(0.15)
  const zombie = isShared && random.chance(0.5) ? zombieOf(random) : undefined
  const lives = livesOf({ seed, isShared, zombie }, random)
  const windows = windowsOf(random.fork('windows'))
  const scenario: Scenario = {
    pipelineName: 'curated',
    options: {
      workers: 2,
      epochMs: isDrip ? 2 : random.pick([5, 20, 60]),
      pollIntervalMs: 10,
      pollOffsets: isDrip ? 1 : random.pick([7, 20, 60]),
      restarts: { maxRestarts: 20, windowMs: 1_000_000, initialDelayMs: 5, maxDelayMs: 20 },
    },
    events: {
      seed,
      splits: partitions,
      duplicateShare: 0.1,
      filteredShare: isSparse ? 0.9 : 0.03,
      violationShare: 0.04,
      tombstoneShare: 0.02,
      nullKeyShare: 0.1,
      eventEveryMs: 400_000,
    },
    partitions,
    recordsPerBatch: random.pick([5, 20, 60]),
    isShared,
    hasMirror: random.chance(0.3),
    partitionBy: random.chance(0.2) ? ['partition_date', 'region'] : ['partition_date'],
    faults: random.chance(0.25) ? { refused: 0.002, replyLost: 0.002, budget: 4 } : NO_FAULTS,
    lives,
    endsElsewhere: isShared && random.chance(0.4),
    zombie,
    throwsAt: random.chance(0.25) ? Array.from({ length: 1 + random.below(3) }, () => random.below(2 * RECORDS)) : [],
    foreignEvery: random.chance(0.2) ? 200 + random.below(600) : 0,
    kafka: undefined,
    windows,
    memory: windows === undefined ? littleMemoryOf(random.fork('memory')) : undefined,
    isExact: false,
    largeBytes: random.fork('large values').pick([1, 250, 1_000_000]),
  }
  // Keys that are kept whole cannot leave memory.
  const isExact = scenario.memory === undefined && random.fork('exact').chance(0.3)
  return withKafka({ ...scenario, isExact }, random.fork('kafka'))
}

const HOUR_MS = 3_600_000

/** Half of the seeds have windows. Records come in the order of their times but for those that are sent again. */
function windowsOf(random: SeededRandom): WindowTiming | undefined {
  if (random.chance(0.5)) return undefined
  return {
    sizeMs: random.pick([1, 6, 24]) * HOUR_MS,
    latenessMs: random.pick([0, 0, 2]) * HOUR_MS,
    outOfOrdernessMs: random.pick([0, 1, 12]) * HOUR_MS,
  }
}

/** The same with a part of it in Kafka, where the seed says so; what was decided before stays. */
function withKafka(scenario: Scenario, random: SeededRandom): Scenario {
  const kafka = kafkaPlanOf(random)
  if (kafka === undefined) return scenario
  const { zombie, hasMirror } = scenario
  const lives = scenario.lives.map((life, i) =>
    i === zombie?.life || !random.chance(kafka.crashes) ? life : { ...life, crash: kafkaCrashOf(random) },
  )
  const sleeps = random.chance(0.5) ? { at: kafkaCrashOf(random) } : {}
  return {
    ...scenario,
    kafka,
    lives,
    hasMirror: hasMirror || kafka.mirrors,
    zombie: zombie === undefined ? undefined : { ...zombie, ...sleeps },
  }
}

function zombieOf(random: SeededRandom): ZombiePlan {
  const place = random.pick([random.pick(ZOMBIE_POINTS), random.pick(RACE_POINTS), IN_COMMIT, IN_RECOVERY] as const)
  return {
    life: random.below(3),
    at: typeof place === 'string' ? { kind: 'failpoint', name: place, nth: 1 } : place,
    wakes: random.pick(['at redo', 'later'] as const),
    sleeps: random.below(1500),
  }
}

function livesOf(
  of: { readonly seed: number; readonly isShared: boolean; readonly zombie: ZombiePlan | undefined },
  random: SeededRandom,
): readonly LifePlan[] {
  const lives: LifePlan[] = []
  const count = 3 + random.below(2)
  for (let life = 0; life < count; life++) {
    const walked = life === 0 ? crashAt(FAILPOINTS[of.seed % FAILPOINTS.length]!, random) : anyCrash(random)
    const crash = life === of.zombie?.life ? stepsUntil(of.zombie.at, random) : walked
    const stillborn = stillbirths(of.isShared, lives.at(-1), random)
    const isMoved = of.isShared && life > 0 && stillborn.length === 0 && random.chance(0.25)
    const host = isMoved ? random.pick(['new', 'earlier'] as const) : 'same'
    lives.push({ crash, stillborn, workers: random.pick([2, 2, 2, 1, 3]), host })
  }
  return lives
}

function stillbirths(isShared: boolean, before: LifePlan | undefined, random: SeededRandom): readonly Stillbirth[] {
  // An epoch that is prepared here and published nowhere: the one thing that only this host knows.
  const isHalfDone = before?.crash.kind === 'failpoint' && HALF_DONE.includes(before.crash.name)
  if (isShared && isHalfDone && random.chance(0.5)) return [{ crash: crashAt('recovery-claimed', random), host: 'new' }]
  if (!random.chance(0.15)) return []
  return Array.from({ length: 1 + random.below(3) }, () => ({
    crash: earlyCrash(random),
    host: isShared && random.chance(0.3) ? 'new' : 'same',
  }))
}

const HALF_DONE: readonly FailpointName[] = ['P3-prepared', 'P4-before-manifest']

const FILE_ENDINGS = ['/synced', '.log', '.json', '.parquet', '.seg'] as const

function anyCrash(random: SeededRandom): CrashPlan {
  if (random.chance(0.15)) {
    const ending = random.pick(FILE_ENDINGS)
    // A life publishes few ends of partitions: dead letters are rare.
    return { kind: 'file', ending, nth: 1 + random.below(ending === '/synced' ? 3 : 12) }
  }
  return random.chance(0.25)
    ? { kind: 'steps', steps: 20 + random.below(2000) }
    : crashAt(random.pick(FAILPOINTS), random)
}

function earlyCrash(random: SeededRandom): CrashPlan {
  const names = FAILPOINTS.filter((name) => name.startsWith('recovery'))
  return random.chance(0.5) ? { kind: 'steps', steps: 5 + random.below(120) } : crashAt(random.pick(names), random)
}

function crashAt(name: FailpointName, random: SeededRandom): CrashPlan {
  return { kind: 'failpoint', name, nth: name.startsWith('recovery') ? 1 : 1 + random.below(3) }
}

/** A sleeper does not die; it falls asleep while it starts, or while there are still records to read. */
function stepsUntil(place: SleepPlace, random: SeededRandom): CrashPlan {
  return { kind: 'steps', steps: place === IN_RECOVERY ? 1 : 50 + random.below(600) }
}

/** What the pipeline under test gets from the world around it. */
export interface PipelineWorld {
  /** Makes clients of the simulated Kafka for the thread that the pipeline is for. */
  readonly client: KafkaClientFactory
  /** Called by its function, where it has one. */
  readonly onRecord: () => void
}

/** The pipeline under test: every part of it is shipped code. */
export function pipelineOf(scenario: Scenario, { client, onRecord }: PipelineWorld): Pipeline {
  const { kafka: plan, windows } = scenario
  const common = { contract: event, outOfOrderness: windows?.outOfOrdernessMs ?? '10d' } as const
  const source =
    plan?.reads === true
      ? kafka({ ...common, topics: TOPIC, client, maxWait: '20ms' })
      : log({ ...common, topic: TOPIC, directory: LOG_DIRECTORY })
  // Where both are in one system, the source says where its refused records go.
  const deadLetters =
    (plan?.reads === true) === (plan?.letters === true) ? {} : { deadLetters: lettersOf(plan, client) }
  return pipeline(
    scenario.pipelineName,
    ({ from }) => {
      const events = from('raw', source, deadLetters).pipe(
        filter(field('amount_cents').gt(0)),
        scenario.throwsAt.length === 0 ? filter(field('amount_cents').gt(0)) : filter(allOf(onRecord)),
        deduplicate({ key: ['event_id', 'source_system'], ttl: '30d', exact: scenario.isExact }),
        derive({ partition_date: utcDate('event_ts') }),
      )
      events.to('table', delta({ path: TABLE, partitionBy: scenario.partitionBy }))
      if (windows !== undefined) windowsByRegion(events, windows).to(WINDOWS, delta({ path: WINDOW_TABLE }))
      if (!scenario.hasMirror) return
      if (plan?.mirrors === true) {
        const { delivery } = plan
        events.to('mirror', kafkaTopic({ topic: MIRROR, createPartitions: 2, client, delivery }))
      } else events.to('mirror', logTopic({ topic: MIRROR, directory: LOG_DIRECTORY }))
    },
    { keyGroups: keyGroupsOf(scenario.memory) },
  )
}

function lettersOf(plan: KafkaPlan | undefined, client: KafkaClientFactory): DeadLetterSinkSpec {
  const topic = `${TOPIC}.dlq`
  return plan?.letters === true
    ? kafkaDeadLetters({ topic, client })
    : deadLetterTopic({ topic, directory: LOG_DIRECTORY })
}

/** A function of a user that keeps every record, unless it throws. */
function allOf(onRecord: () => void): () => boolean {
  return () => {
    onRecord()
    return true
  }
}
