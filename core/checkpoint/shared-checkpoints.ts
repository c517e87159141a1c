import { MillraceError } from '../model/errors.ts'
import { sameBytes } from '../model/same-bytes.ts'
import type { CheckpointStore } from '../ports/checkpoint-store.ts'
import type { Failpoint } from '../ports/failpoint.ts'
import type { FileStore } from '../ports/file-store.ts'
import { makeDurableDirectory, parentOf, replaceAtomically } from '../ports/file-store.ts'
import type { ValueCodec } from '../ports/value-codec.ts'
import { blockKey } from './block-table.ts'
import { type BlockEntry, openMarker, type SealedMarker } from './epoch-marker.ts'
import type { StateKeeper } from './state-keeper.ts'

/** What stands under one epoch number: a checkpoint, or the claim of an owner that fences the one before. */
type Manifest =
  | { readonly kind: 'checkpoint'; readonly marker: Uint8Array }
  | { readonly kind: 'claim'; readonly generation: number; readonly owner: string }

/** The newest checkpoint in the shared store, and the highest number in use (claims count). */
export interface SharedState {
  readonly checkpoint: SealedMarker | undefined
  readonly highestEpoch: number
  readonly highestGeneration: number
}

export interface SharedCheckpointsOptions {
  readonly store: CheckpointStore
  readonly codec: ValueCodec
  readonly files: FileStore
  /** Local directory that outbox names are relative to. */
  readonly outbox: string
  readonly failpoint: Failpoint
}

const EPOCHS_BETWEEN_SWEEPS = 10

/**
 * P4: checkpoints outside this host. Objects first, then the manifest, created if absent: whoever loses that race was
 * replaced and stops.
 */
export class SharedCheckpoints {
  readonly #options: SharedCheckpointsOptions
  #uploaded: ReadonlySet<string> = new Set()

  constructor(options: SharedCheckpointsOptions) {
    this.#options = options
  }

  async load(): Promise<SharedState> {
    const epochs = await this.#options.store.epochs()
    let checkpoint: SealedMarker | undefined
    let highestGeneration = 0
    for (let i = epochs.length - 1; i >= 0 && checkpoint === undefined; i--) {
      const manifest = await this.#manifest(epochs[i]!)
      if (manifest === undefined) continue
      if (manifest.kind === 'claim') highestGeneration = Math.max(highestGeneration, manifest.generation)
      else checkpoint = openMarker(manifest.marker, this.#options.codec)
    }
    this.#uploaded = new Set(checkpoint?.marker.blocks.map(objectName))
    const generation = Math.max(highestGeneration, checkpoint?.marker.generation ?? 0)
    return { checkpoint, highestEpoch: epochs.at(-1) ?? 0, highestGeneration: generation }
  }

  /** Uploads what the store lacks, then claims the epoch. Throws `MR_CHECKPOINT_SUPERSEDED` for a lost race. */
  async publish(sealed: SealedMarker, keeper: StateKeeper): Promise<void> {
    const { store, codec, failpoint } = this.#options
    const missing = sealed.marker.blocks.filter((entry) => !this.#uploaded.has(objectName(entry)))
    const values = await keeper.read(missing)
    for (let i = 0; i < missing.length; i++) await store.putObject(objectName(missing[i]!), values[i]!)
    for (const name of outboxOf(sealed)) {
      await store.putObject(`outbox/${name}`, await this.#options.files.read(`${this.#options.outbox}/${name}`))
    }
    failpoint('P4-before-manifest')
    await this.#create(sealed.marker.epoch, codec.encode({ kind: 'checkpoint', marker: sealed.bytes }))
    failpoint('P4-manifest-created')
    this.#uploaded = new Set(sealed.marker.blocks.map(objectName))
  }

  /** Takes the next number, which fences every owner that was before. `false`: somebody took it first. */
  async claim(epoch: number, owner: { readonly generation: number; readonly name: string }): Promise<boolean> {
    const bytes = this.#options.codec.encode({ kind: 'claim', generation: owner.generation, owner: owner.name })
    try {
      await this.#create(epoch, bytes)
      return true
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'MR_CHECKPOINT_SUPERSEDED') return false
      throw error
    }
  }

  /** Brings a checkpoint to this host: outbox files, then state. */
  async download(sealed: SealedMarker, keeper: StateKeeper): Promise<void> {
    const { files, outbox } = this.#options
    for (const name of outboxOf(sealed)) {
      const path = `${outbox}/${name}`
      await makeDurableDirectory(files, parentOf(path))
      await replaceAtomically(files, path, { bytes: await this.#object(`outbox/${name}`) })
    }
    const blocks = new Map<BlockEntry, Uint8Array>()
    for (const entry of sealed.marker.blocks) blocks.set(entry, await this.#object(objectName(entry)))
    await keeper.rebuild(sealed, blocks)
    this.#uploaded = new Set(sealed.marker.blocks.map(objectName))
  }

  /**
   * P9: now and then removes what neither this finalized checkpoint nor a newer one needs. Objects are listed before
   * manifests: whoever replaced us claimed a manifest before it stored anything, so that nothing of it is taken away.
   */
  async collect(sealed: SealedMarker): Promise<void> {
    const { store } = this.#options
    const epoch = sealed.marker.epoch
    if (epoch % EPOCHS_BETWEEN_SWEEPS !== 0) return
    const objects = await store.objects()
    const epochs = await store.epochs()
    if (epochs.some((other) => other > epoch)) return
    const needed = new Set([
      ...sealed.marker.blocks.map(objectName),
      ...outboxOf(sealed).map((name) => `outbox/${name}`),
    ])
    for (const older of epochs) if (older < epoch) await store.removeManifest(older)
    for (const name of objects) if (!needed.has(name)) await store.removeObject(name)
  }

  async #manifest(epoch: number): Promise<Manifest | undefined> {
    const bytes = await this.#options.store.readManifest(epoch)
    // Manifests are created whole (exclusive link of a synced file) by this class alone; the marker has its own seal.
    return bytes === undefined ? undefined : (this.#options.codec.decode(bytes) as Manifest)
  }

  async #object(name: string): Promise<Uint8Array> {
    const bytes = await this.#options.store.getObject(name)
    if (bytes === undefined) throw new MillraceError('MR_STATE_CORRUPT', `the shared checkpoint store lacks "${name}"`)
    return bytes
  }

  /**
   * Creates if absent; an existing manifest with the same bytes is ours (an answer got lost, or a redo). The number of a
   * collected manifest is free again, but whoever collected it has a higher one, which stays: that fences us as well.
   */
  async #create(epoch: number, bytes: Uint8Array): Promise<void> {
    const { store } = this.#options
    const isNew = (await store.createManifest(epoch, bytes)) === 'created'
    if (!isNew && !sameBytes(await store.readManifest(epoch), bytes)) throw superseded(epoch)
    const highest = (await store.epochs()).at(-1) ?? epoch
    if (highest > epoch) throw superseded(highest)
  }
}

function superseded(epoch: number): MillraceError {
  return new MillraceError(
    'MR_CHECKPOINT_SUPERSEDED',
    `another owner made manifest ${epoch}; this process was replaced and stops`,
  )
}

function objectName(entry: BlockEntry): string {
  return `${blockKey(entry)}-${(entry.crc >>> 0).toString(16)}`
}

function outboxOf(sealed: SealedMarker): readonly string[] {
  return Object.values(sealed.marker.intents).flatMap((intent) => intent.outbox)
}
