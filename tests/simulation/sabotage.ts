import { blockKey } from '../../core/checkpoint/block-table.ts'
import { openMarker, type SealedMarker } from '../../core/checkpoint/epoch-marker.ts'
import type { ErrorCode } from '../../core/model/error-codes.ts'
import { valueCodec } from '../../state/value-codec.ts'
import type { SimulatedCluster } from './kafka/simulated-cluster.ts'
import { LOG_DIRECTORY, type Scenario, TABLE, TOPIC } from './scenario.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedBytes } from './simulated-bytes.ts'
import type { SimulatedDisk } from './simulated-files.ts'
import type { HostPlace, HostWorld, SimulatedProcess } from './simulated-host.ts'
import { StoredValues } from './stored-values.ts'

export interface SabotagePorts {
  readonly random: SeededRandom
  readonly disk: SimulatedDisk
  readonly place: HostPlace
  readonly scenario: Scenario
  /** The same pipeline under another name. */
  readonly other: HostWorld['pipeline']
  readonly cluster: SimulatedCluster
  readonly start: (place: HostPlace, changes: Partial<HostWorld>) => SimulatedProcess
  readonly run: (until: () => boolean) => Promise<unknown>
  readonly newState: (name: string) => SimulatedBytes
}

/** A damage that can be taken back: the job must name it and touch nothing. */
interface Damage {
  readonly expected: readonly ErrorCode[]
  readonly place: HostPlace
  readonly changes: Partial<HostWorld>
  readonly undo: () => void
  /** The damage is found after the open epoch was committed, which is right. */
  readonly mayRedo?: boolean
}

/**
 * I17: between two lives something of what the job relies on is damaged, lost or exchanged; the next start must stop with
 * the error of that name, before the first record, and everything goes on when the damage is taken back.
 */
export class SabotageRunner {
  readonly #ports: SabotagePorts

  constructor(ports: SabotagePorts) {
    this.#ports = ports
  }

  async run(): Promise<readonly string[]> {
    const before = this.#tableNames()
    const damage = this.#pick()
    if (damage === undefined) return []
    const process = this.#ports.start(damage.place, damage.changes)
    await this.#ports.run(() => process.end !== undefined)
    const end = process.end
    process.kill('process')
    damage.undo()
    if (end?.kind !== 'failed' || !damage.expected.includes(end.error.code)) {
      const found =
        end === undefined ? 'nothing' : end.kind === 'failed' ? `${end.error.code} ${end.error.message}` : 'a clean end'
      return [`I17: ${damage.expected.join(' or ')} was due, ${found} came`]
    }
    return damage.mayRedo === true || this.#tableNames() === before
      ? []
      : ['I17: the table was changed although the start was refused']
  }

  #pick(): Damage | undefined {
    const { random, scenario } = this.#ports
    if (!random.chance(0.6)) return undefined
    const last = this.#lastMarker()
    if (last === undefined || this.#isReplaced(last)) return undefined
    // Seldom is an epoch open whose files can be gone.
    const missing = random.chance(0.5) ? this.#stagedMissing(last) : undefined
    if (missing !== undefined) return missing
    if (scenario.kafka?.reads === true && random.chance(0.4)) return this.#kafkaDamaged(last)
    const damages = [
      () => this.#foreign(),
      () => this.#corrupt(),
      () => this.#corrupt(),
      () => this.#ahead(last),
      () => this.#behind(last),
      () => this.#replaced(last),
      () => this.#blocked(last),
      () => this.#logDamaged(),
    ]
    return random.pick(damages)()
  }

  /** Somebody took this number or a later one in the shared store: the job may rightly drop the state that is here. */
  #isReplaced({ marker, bytes }: SealedMarker): boolean {
    const { view } = this.#ports.disk
    const newest = view.list('/checkpoints/manifests').at(-1)
    if (newest === undefined || Number(newest) < marker.epoch) return false
    // A claim is smaller than any marker; the manifest of an epoch holds its marker.
    const isOurs = (view.read(`/checkpoints/manifests/${newest}`)?.length ?? 0) > bytes.length
    return Number(newest) > marker.epoch || !isOurs
  }

  /** The state directory of another pipeline. */
  #foreign(): Damage | undefined {
    const { place, scenario } = this.#ports
    if (scenario.isShared) return undefined
    return {
      expected: ['MR_CHECKPOINT_FOREIGN'],
      place,
      changes: { pipeline: this.#ports.other },
      undo: () => undefined,
    }
  }

  /** A bit of the newest marker or of any block is flipped, or a block is gone. */
  #corrupt(): Damage | undefined {
    const { place, scenario, random, disk } = this.#ports
    if (scenario.isShared) return undefined
    const marker = place.state.keys.filter((key) => key.startsWith('epoch/')).at(-1)
    const blocks = this.#lastMarker()?.marker.blocks ?? []
    if (marker === undefined) return undefined
    const values = new StoredValues(place, disk)
    const isBlock = blocks.length > 0 && random.chance(0.5)
    const key = isBlock ? blockKey(random.pick(blocks)) : marker
    const bit = random.below(8 * values.get(key)!.length)
    if (isBlock && random.chance(0.5)) {
      return { expected: ['MR_STATE_CORRUPT'], place, changes: {}, undo: values.lose(key) }
    }
    values.flip(key, bit)
    return { expected: ['MR_STATE_CORRUPT'], place, changes: {}, undo: () => values.flip(key, bit), mayRedo: isBlock }
  }

  /** A file that the open epoch staged was vacuumed. */
  #stagedMissing({ marker }: SealedMarker): Damage | undefined {
    const { place, disk } = this.#ports
    const intent = marker.intents.table
    if (intent === undefined || this.#tableEpoch(marker.pipeline) === intent.to) return undefined
    const path = dataPaths(disk, TABLE).find((candidate) => JSON.stringify(intent.content).includes(nameOf(candidate)))
    const bytes = path === undefined ? undefined : disk.view.read(path)
    if (path === undefined || bytes === undefined) return undefined
    disk.lose(path)
    return { expected: ['MR_STAGED_MISSING'], place, changes: {}, undo: () => putBack(disk, path, bytes) }
  }

  /** The local state is lost, the table is not. */
  #ahead({ marker }: SealedMarker): Damage | undefined {
    const { place, scenario, newState } = this.#ports
    if (scenario.isShared || this.#tableEpoch(marker.pipeline) === -1) return undefined
    const empty = withoutState(place, newState('lost state'))
    return { expected: ['MR_SINK_AHEAD'], place: empty, changes: {}, undo: () => undefined }
  }

  /** The newest commit of a finalized epoch is gone from the table. */
  #behind({ marker }: SealedMarker): Damage | undefined {
    const { place, disk } = this.#ports
    const epoch = this.#tableEpoch(marker.pipeline)
    const names = disk.view.list(`${TABLE}/_delta_log`).filter((name) => /^\d{20}\.json$/.test(name))
    const path = `${TABLE}/_delta_log/${names.sort().at(-1)}`
    const isOpen = marker.intents.table !== undefined
    const bytes = disk.view.read(path)
    const isOurs = bytes !== undefined && new TextDecoder().decode(bytes).includes('"txn":{')
    const isCheckpointed = disk.view
      .list(`${TABLE}/_delta_log`)
      .some((name) => name.startsWith(`${names.at(-1)?.slice(0, 20)}.c`))
    if (epoch === -1 || isOpen || isCheckpointed || !isOurs || bytes === undefined) return undefined
    disk.lose(path)
    return { expected: ['MR_SINK_BEHIND'], place, changes: {}, undo: () => putBack(disk, path, bytes) }
  }

  /** Another table stands at the path of ours. */
  #replaced({ marker }: SealedMarker): Damage | undefined {
    const { place, disk } = this.#ports
    const path = `${TABLE}/_delta_log/${'0'.repeat(20)}.json`
    const bytes = disk.view.read(path)
    const id = marker.identities.table
    const isCheckpointed = disk.view.list(`${TABLE}/_delta_log`).some((name) => name.includes('checkpoint'))
    if (bytes === undefined || id === undefined || isCheckpointed) return undefined
    const other = new TextDecoder().decode(bytes).replaceAll(id, `${id.slice(0, -4)}beef`)
    putBack(disk, path, new TextEncoder().encode(other))
    return { expected: ['MR_SINK_REPLACED'], place, changes: {}, undo: () => putBack(disk, path, bytes) }
  }

  /** The shared checkpoint store holds the manifests of somebody else. */
  #blocked({ marker }: SealedMarker): Damage | undefined {
    const { place, scenario } = this.#ports
    if (!scenario.isShared || marker.previous === '') return undefined
    const empty = withoutState(place, this.#ports.newState('other state'))
    const options = { ...scenario.options, restarts: { maxRestarts: 0, windowMs: 1, initialDelayMs: 1, maxDelayMs: 1 } }
    return {
      expected: ['MR_RESTARTS_EXHAUSTED', 'MR_CHECKPOINT_BLOCKED'],
      place: empty,
      changes: { pipeline: this.#ports.other, options },
      undo: () => undefined,
    }
  }

  /** A bit of what says how far a partition of the input is whole. */
  #logDamaged(): Damage | undefined {
    const { place, disk, scenario, random } = this.#ports
    const path = `${LOG_DIRECTORY}/${TOPIC}/${random.below(scenario.partitions)}/synced`
    const bytes = disk.view.read(path)
    if (bytes === undefined) return undefined
    const bit = random.below(8 * bytes.length)
    disk.flip(path, bit)
    return { expected: ['MR_LOG_CORRUPT'], place, changes: {}, undo: () => disk.flip(path, bit), mayRedo: true }
  }

  /** The topic that the pipeline reads is another one, or lost what the pipeline has read. */
  #kafkaDamaged({ marker }: SealedMarker): Damage | undefined {
    const { place, cluster, random } = this.#ports
    const hasRead = Object.values(marker.positions).some(({ offset }) => offset > 0)
    const isAnother = random.chance(0.5)
    if (!isAnother && !hasRead) return undefined
    const before = isAnother ? cluster.recreateTopic(TOPIC) : cluster.emptyTopic(TOPIC)
    const expected = [isAnother ? 'MR_SOURCE_REPLACED' : 'MR_POSITION_LOST'] as const
    return { expected, place, changes: {}, undo: () => cluster.putTopic(before), mayRedo: true }
  }

  #lastMarker(): SealedMarker | undefined {
    const { state } = this.#ports.place
    const key = state.keys.filter((candidate) => candidate.startsWith('epoch/')).at(-1)
    const bytes = key === undefined ? undefined : state.get(key)
    return bytes === undefined ? undefined : openMarker(bytes, valueCodec())
  }

  /** The last epoch of our sink that the table names, −1 for none. */
  #tableEpoch(pipeline: string): number {
    const { view } = this.#ports.disk
    let epoch = -1
    for (const name of view
      .list(`${TABLE}/_delta_log`)
      .filter((candidate) => /^\d{20}\.json$/.test(candidate))
      .sort()) {
      const text = new TextDecoder().decode(view.read(`${TABLE}/_delta_log/${name}`) ?? new Uint8Array())
      for (const line of text.split('\n').filter((part) => part.startsWith('{"txn"'))) {
        const { txn } = JSON.parse(line) as { readonly txn: { readonly appId: string; readonly version: number } }
        if (txn.appId === `${pipeline}/table/0`) epoch = txn.version
      }
    }
    return epoch
  }

  #tableNames(): string {
    return this.#ports.disk.view.list(`${TABLE}/_delta_log`).join()
  }
}

function dataPaths(disk: SimulatedDisk, table: string): readonly string[] {
  return disk
    .paths()
    .filter((path) => path.startsWith(`${table}/`) && path.endsWith('.parquet') && !path.includes('/_delta_log/'))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The same place with another store, whose large values lie elsewhere. */
function withoutState({ values, ...place }: HostPlace, state: SimulatedBytes): HostPlace {
  return { ...place, state }
}

function putBack(disk: SimulatedDisk, path: string, bytes: Uint8Array): void {
  disk.plant(path, bytes)
}
