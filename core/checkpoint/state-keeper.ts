import { crc32c } from '../model/crc32c.ts'
import { MillraceError } from '../model/errors.ts'
import { freeMemory, freeShared } from '../model/free-memory.ts'
import type { ByteOperation, ByteStore } from '../ports/byte-store.ts'
import type { StateBlock } from '../ports/operator.ts'
import type { ValueCodec } from '../ports/value-codec.ts'
import { blockBytes, crcByHead, entriesIn, latestIn, sealBlock } from '../state/block.ts'
import { mergeBlocks } from '../state/merge-blocks.ts'
import { blockKey, epochText, followingBytes, inStoredOrder, mergesDue } from './block-table.ts'
import { type BlockEntry, type EpochMarker, openMarker, type SealedMarker, sealMarker } from './epoch-marker.ts'

/** A block with the operator that it belongs to. */
export interface OwnedBlock {
  readonly operator: string
  readonly block: StateBlock
}

/** A block as it comes back from the store. */
export interface StoredBlock extends OwnedBlock {
  /** Bytes of the blocks of the same operator and key group that come after it. */
  readonly followingBytes: number
}

/** What the store holds when it is opened. */
export type StoredState =
  | { readonly kind: 'none' }
  | { readonly kind: 'corrupt'; readonly error: MillraceError }
  | { readonly kind: 'epoch'; readonly sealed: SealedMarker; readonly isFinalized: boolean }

/** Who may write: raised at every start and never lowered. */
export interface Claim {
  /** Attempt of the job; part of the names of files. */
  readonly generation: number
  /** Epochs up to this number were given out once and are never used again. */
  readonly usedEpochs: number
}

/** Everything of a marker that the keeper does not make itself. */
export type EpochDraft = Omit<EpochMarker, 'blocks' | 'previous'>

/**
 * How a block that was read is checked. `whole`: every byte. `head`: it is the one that the marker names; for whoever decodes it,
 * who checks the rest, so that each byte is looked at once.
 */
export type BlockCheck = 'whole' | 'head'

const GROUPS_PER_MERGE = 16
const BLOCKS_PER_READ = 64
/**
 * Blocks that are read at once take no more than so much together, unless one alone does. Little, so that memory which the store
 * copies them through serves again while the processor's cache has it.
 */
const BYTES_PER_READ = 1 << 20

/**
 * The sole owner of a pipeline's local state: blocks and epoch markers in one byte store. PREPARE is one synced batch;
 * nothing that the last prepared epoch or the one before it needs is deleted.
 */
export class StateKeeper {
  readonly #store: ByteStore
  readonly #codec: ValueCodec
  #last: SealedMarker | undefined
  /** The marker that the last one continues. */
  #before: SealedMarker | undefined
  #merged: readonly {
    readonly sources: readonly BlockEntry[]
    readonly entry: BlockEntry
    readonly bytes: Uint8Array
  }[] = []

  /**
   * Keys of all blocks and markers in the store, once somebody had to know them. To ask the store at every epoch would
   * have it read, and keep in memory, all that it holds.
   */
  #stored: Set<string> | undefined

  constructor(store: ByteStore, codec: ValueCodec) {
    this.#store = store
    this.#codec = codec
  }

  /** The last prepared marker. */
  get last(): SealedMarker | undefined {
    return this.#last
  }

  /** Reads the newest marker and checks the chain to the one before it. Blocks are checked when they are read. */
  async load(): Promise<StoredState> {
    const keys = await this.#store.keys('epoch/', 'epoch0')
    const newest = keys.at(-1)
    try {
      const finalized = await this.#finalized()
      if (newest === undefined || newest < markerKey(finalized)) {
        if (finalized === 0) return { kind: 'none' }
        throw new MillraceError('MR_STATE_CORRUPT', `the state store lost epoch ${finalized}, which was finalized`)
      }
      const sealed = openMarker(await this.#read(newest), this.#codec)
      if (markerKey(sealed.marker.epoch) !== newest) {
        throw new MillraceError('MR_STATE_CORRUPT', `"${newest}" holds the marker of epoch ${sealed.marker.epoch}`)
      }
      const key = keys.at(-2)
      const before = key === undefined ? undefined : openMarker(await this.#read(key), this.#codec)
      if (before !== undefined && before.hash !== sealed.marker.previous) {
        throw new MillraceError(
          'MR_STATE_CORRUPT',
          `epoch ${sealed.marker.epoch} does not continue the stored epoch before it`,
        )
      }
      await this.#checkPresence(sealed.marker)
      this.#remember(sealed, before)
      return { kind: 'epoch', sealed, isFinalized: finalized === sealed.marker.epoch }
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'MR_STATE_CORRUPT') return { kind: 'corrupt', error }
      throw error
    }
  }

  /** P3: one synced chained batch of new blocks, whose memory is given back then, finished merges and the marker. */
  async prepare(
    draft: EpochDraft,
    changed: readonly OwnedBlock[],
    horizons: ReadonlyMap<string, number>,
  ): Promise<SealedMarker> {
    const operations: ByteOperation[] = []
    const fresh = changed.map(({ operator, block }) => {
      const entry = entryOf(operator, block, draft.epoch)
      operations.push({ kind: 'put', key: blockKey(entry), value: block.bytes })
      return entry
    })
    for (const { entry, bytes } of this.#merged) operations.push({ kind: 'put', key: blockKey(entry), value: bytes })
    const blocks = [...this.#surviving(horizons), ...fresh]
    const sealed = sealMarker({ ...draft, previous: this.#last?.hash ?? '', blocks }, this.#codec)
    operations.push({ kind: 'put', key: markerKey(draft.epoch), value: sealed.bytes })
    await this.#store.write(operations, { sync: true })
    freeShared(changed.map(({ block }) => block.bytes))
    freeShared(this.#merged.map(({ bytes }) => bytes))
    for (const { key } of operations) this.#stored?.add(key)
    this.#remember(sealed, this.#last)
    return sealed
  }

  /** Merges blocks of a few groups in memory; the result rides in the next PREPARE. */
  async mergeInBackground(horizons: ReadonlyMap<string, number>): Promise<void> {
    const blocks = this.#last?.marker.blocks ?? []
    const merged = []
    for (const sources of mergesDue(blocks, GROUPS_PER_MERGE)) {
      const { operator, keyGroup } = sources[0]!
      const values = await this.read(sources, 'head')
      const bytes = mergeBlocks(values, horizons.get(operator) ?? Number.NEGATIVE_INFINITY)
      for (const value of values) freeMemory(value)
      const range = { from: sources[0]!.from, to: sources.at(-1)!.to }
      merged.push({
        sources,
        bytes,
        entry: { ...entryOf(operator, { keyGroup, bytes, entries: 0 }, range.to), ...range },
      })
    }
    if (blocks === (this.#last?.marker.blocks ?? [])) this.#merged = merged
  }

  /**
   * Streams the blocks of the last marker in the order in which the store keeps them: key group by key group, so that one after the
   * other is loaded while it lies in the processor's cache, and all workers have something to load; oldest first within each, checked
   * against the table. Reads on while the last ones are taken; the caller owns the bytes.
   */
  async *blocks(check: BlockCheck = 'whole'): AsyncGenerator<StoredBlock> {
    const entries = inStoredOrder(this.#last?.marker.blocks ?? [])
    const following = followingBytes(entries)
    let yielded = 0
    const nextPart = () => entries.splice(0, blocksToRead(entries))
    let part = nextPart()
    let reading = this.#readAhead(part, check)
    while (part.length > 0) {
      const values = await reading
      const next = nextPart()
      reading = this.#readAhead(next, check)
      for (let i = 0; i < part.length; i++) {
        const { operator, keyGroup } = part[i]!
        const bytes = values[i]!
        const block = { keyGroup, bytes, entries: entriesIn(bytes) }
        yield { operator, block, followingBytes: following[yielded++]! }
      }
      part = next
    }
  }

  /** The bytes of some blocks of the last marker, each checked against its entry. */
  async read(entries: readonly BlockEntry[], check: BlockCheck = 'whole'): Promise<readonly Uint8Array[]> {
    const values = await this.#store.getMany(entries.map(blockKey))
    return entries.map((entry, index) => checkedBlock(entry, values[index], check))
  }

  #readAhead(entries: readonly BlockEntry[], check: BlockCheck): Promise<readonly Uint8Array[]> {
    const reading = this.read(entries, check)
    // Whoever takes the next block awaits it and hears of a failure. Until then, or where nobody takes one, it must not count as
    // unhandled, which would end the process.
    reading.catch(() => undefined)
    return reading
  }

  /** Replaces everything by a checkpoint of the shared store. */
  async rebuild(sealed: SealedMarker, blocks: ReadonlyMap<BlockEntry, Uint8Array>): Promise<void> {
    const operations = await this.#deletions()
    for (const [entry, bytes] of blocks) {
      operations.push({ kind: 'put', key: blockKey(entry), value: checkedBlock(entry, bytes, 'whole') })
    }
    operations.push({ kind: 'put', key: markerKey(sealed.marker.epoch), value: sealed.bytes })
    await this.#store.write(operations, { sync: true })
    this.#stored = undefined
    this.#remember(sealed)
  }

  /** Forgets every epoch; claims stay. */
  async clear(): Promise<void> {
    await this.#store.write(await this.#deletions(), { sync: true })
    this.#stored = undefined
    this.#remember(undefined)
  }

  async #deletions(): Promise<ByteOperation[]> {
    // Whether all sinks have the epoch that comes instead is found out anew.
    const operations: ByteOperation[] = [{ kind: 'delete', key: 'finalized' }]
    for (const key of await this.#storedKeys()) operations.push({ kind: 'delete', key })
    return operations
  }

  async #storedKeys(): Promise<readonly string[]> {
    return [...(await this.#store.keys('epoch/', 'epoch0')), ...(await this.#store.keys('block/', 'block0'))]
  }

  /** The last claim on this store. */
  async claimed(): Promise<Claim> {
    const bytes = await this.#store.get('claim')
    // Only writeClaim writes under this key.
    return bytes === undefined ? { generation: 0, usedEpochs: 0 } : (this.#codec.decode(bytes) as Claim)
  }

  async writeClaim(claim: Claim): Promise<void> {
    await this.#store.write([{ kind: 'put', key: 'claim', value: this.#codec.encode(claim) }], { sync: true })
  }

  /** P9: notes that every sink has `epoch`; forgets markers before the last two and blocks that neither of those names. */
  async collect(epoch: number): Promise<void> {
    const needed = new Set<string>()
    for (const sealed of [this.#before, this.#last]) {
      if (sealed === undefined) continue
      needed.add(markerKey(sealed.marker.epoch))
      for (const entry of sealed.marker.blocks) needed.add(blockKey(entry))
    }
    this.#stored ??= new Set(await this.#storedKeys())
    const dead = [...this.#stored].filter((key) => !needed.has(key))
    const note: ByteOperation = { kind: 'put', key: 'finalized', value: this.#codec.encode(epoch) }
    await this.#store.write([note, ...dead.map((key): ByteOperation => ({ kind: 'delete', key }))], { sync: false })
    for (const key of dead) this.#stored.delete(key)
  }

  /** Forgets the open epoch `epoch`, so that the one before it is the last again; its number is never used again. */
  async abandon(epoch: number): Promise<void> {
    const { generation, usedEpochs } = await this.claimed()
    const claim = this.#codec.encode({ generation, usedEpochs: Math.max(usedEpochs, epoch) })
    await this.#store.write(
      [
        { kind: 'delete', key: markerKey(epoch) },
        { kind: 'put', key: 'claim', value: claim },
      ],
      { sync: true },
    )
    this.#stored = undefined
    this.#remember(undefined)
  }

  async close(): Promise<void> {
    await this.#store.close()
  }

  #remember(last: SealedMarker | undefined, before?: SealedMarker): void {
    this.#last = last
    this.#before = before
    this.#merged = []
  }

  #surviving(horizons: ReadonlyMap<string, number>): readonly BlockEntry[] {
    // They are entries of the last marker themselves.
    const replaced = new Set(this.#merged.flatMap(({ sources }) => sources))
    const kept = (this.#last?.marker.blocks ?? []).filter((entry) => !replaced.has(entry))
    const all = [...kept, ...this.#merged.map(({ entry }) => entry)]
    return all.filter((entry) => entry.latest >= (horizons.get(entry.operator) ?? Number.NEGATIVE_INFINITY))
  }

  async #finalized(): Promise<number> {
    const bytes = await this.#store.get('finalized')
    return bytes === undefined ? 0 : Number(this.#codec.decode(bytes))
  }

  async #read(key: string): Promise<Uint8Array> {
    const bytes = await this.#store.get(key)
    if (bytes === undefined) throw new MillraceError('MR_STATE_CORRUPT', `the state store lost "${key}"`)
    return bytes
  }

  async #checkPresence(marker: EpochMarker): Promise<void> {
    const stored = new Set(await this.#store.keys('block/', 'block0'))
    const missing = marker.blocks.find((entry) => !stored.has(blockKey(entry)))
    if (missing !== undefined) {
      throw new MillraceError('MR_STATE_CORRUPT', `block "${blockKey(missing)}" of epoch ${marker.epoch} is missing`)
    }
  }
}

/** How many of the first entries to read at once. */
function blocksToRead(entries: readonly BlockEntry[]): number {
  const most = Math.min(entries.length, BLOCKS_PER_READ)
  let bytes = 0
  for (let count = 0; count < most; count++) {
    bytes += entries[count]!.sizeBytes
    if (bytes > BYTES_PER_READ && count > 0) return count
  }
  return most
}

function markerKey(epoch: number): string {
  return `epoch/${epochText(epoch)}`
}

/** Seals a block that is to be stored. */
function entryOf(operator: string, block: StateBlock, epoch: number): BlockEntry {
  const { keyGroup, bytes } = block
  const written = { sizeBytes: bytes.length, crc: sealBlock(bytes), latest: latestIn(bytes) }
  return { operator, keyGroup, from: epoch, to: epoch, ...written }
}

function checkedBlock(entry: BlockEntry, bytes: Uint8Array | undefined, check: BlockCheck): Uint8Array {
  const crcOf = check === 'head' ? crcByHead : crc32c
  const isSized = bytes !== undefined && bytes.length === entry.sizeBytes && bytes.length >= blockBytes(0)
  if (isSized && crcOf(bytes) === entry.crc) return bytes
  throw new MillraceError(
    'MR_STATE_CORRUPT',
    `block "${blockKey(entry)}" is ${bytes === undefined ? 'missing' : 'damaged'}`,
  )
}
