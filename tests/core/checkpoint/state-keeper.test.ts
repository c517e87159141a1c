import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MERGE_AT } from '../../../core/checkpoint/block-table.ts'
import { StateKeeper } from '../../../core/checkpoint/state-keeper.ts'
import { valueCodec } from '../../../state/value-codec.ts'
import { blockOf, draftOf, entriesOf, KEEP_ALL } from './epochs.ts'
import { MemoryBytes } from './memory-bytes.ts'

const codec = valueCodec()
const open = (bytes: MemoryBytes) => new StateKeeper(bytes, codec)

/** A store with epochs 1 to `last`: in epoch n key n of group 0 gets time n, and key 0 of group 1 too. */
async function storeOf(last: number): Promise<{ readonly bytes: MemoryBytes; readonly keeper: StateKeeper }> {
  const bytes = new MemoryBytes()
  const keeper = open(bytes)
  for (let epoch = 1; epoch <= last; epoch++) {
    await keeper.prepare(draftOf(epoch), [blockOf(0, { [epoch]: epoch }), blockOf(1, { 0: epoch })], KEEP_ALL)
  }
  return { bytes, keeper }
}

async function assertCorrupt(bytes: MemoryBytes, why: RegExp): Promise<void> {
  const stored = await open(bytes).load()
  assert.equal(stored.kind, 'corrupt')
  assert.match(stored.error.message, why)
  assert.equal(stored.error.code, 'MR_STATE_CORRUPT')
}

describe('StateKeeper', () => {
  it('knows an empty store', async () => {
    assert.deepEqual(await open(new MemoryBytes()).load(), { kind: 'none' })
  })

  it('finds the last prepared epoch again, open until it is collected', async () => {
    const { bytes, keeper } = await storeOf(3)
    const stored = await open(bytes).load()
    assert.equal(stored.kind, 'epoch')
    assert.deepEqual(stored.sealed.marker, keeper.last?.marker)
    assert.equal(stored.isFinalized, false)
    await keeper.collect(3)
    const later = await open(bytes).load()
    assert.equal(later.kind === 'epoch' && later.isFinalized, true)
  })

  it('gives all entries back, newer ones over older ones', async () => {
    const { bytes } = await storeOf(3)
    const keeper = open(bytes)
    await keeper.load()
    assert.deepEqual(await entriesOf(keeper), { 'unique/0/1': 1, 'unique/0/2': 2, 'unique/0/3': 3, 'unique/1/0': 3 })
  })

  it('keeps nothing of an epoch whose batch was not written', async () => {
    const { bytes, keeper } = await storeOf(1)
    bytes.write = () => Promise.reject(new Error('no space'))
    await assert.rejects(keeper.prepare(draftOf(2), [blockOf(0, { 2: 2 })], KEEP_ALL), /no space/)
    assert.equal(keeper.last?.marker.epoch, 1)
  })

  it('merges blocks without losing or changing an entry', async () => {
    const { bytes, keeper } = await storeOf(MERGE_AT)
    const before = await entriesOf(keeper)
    await keeper.mergeInBackground(KEEP_ALL)
    await keeper.prepare(draftOf(MERGE_AT + 1), [], KEEP_ALL)
    assert.equal(keeper.last?.marker.blocks.length, 2)
    await keeper.collect(MERGE_AT + 1)
    const reopened = open(bytes)
    await reopened.load()
    assert.deepEqual(await entriesOf(reopened), before)
  })

  it('deletes merged blocks only when no marker that is kept names them', async () => {
    const { bytes, keeper } = await storeOf(MERGE_AT)
    await keeper.mergeInBackground(KEEP_ALL)
    await keeper.prepare(draftOf(MERGE_AT + 1), [], KEEP_ALL)
    await keeper.collect(MERGE_AT + 1)
    assert.equal(bytes.named('block/').length, 2 * MERGE_AT + 2)
    await keeper.prepare(draftOf(MERGE_AT + 2), [], KEEP_ALL)
    await keeper.collect(MERGE_AT + 2)
    assert.equal(bytes.named('block/').length, 2)
    assert.equal(bytes.named('epoch/').length, 2)
  })

  it('asks the store only once what it holds, and still deletes all that nobody needs', async () => {
    const { bytes, keeper } = await storeOf(3)
    await keeper.collect(3)
    bytes.keys = () => Promise.reject(new Error('asked again'))
    for (let epoch = 4; epoch < 9; epoch++) {
      await keeper.prepare(draftOf(epoch), [blockOf(0, { [epoch]: epoch })], new Map([['unique', epoch - 2]]))
      await keeper.collect(epoch)
    }
    const epochsOf = (prefix: string) => bytes.named(prefix).map((key) => Number(key.slice(-16)))
    assert.deepEqual(epochsOf('block/'), [5, 6, 7, 8])
    assert.deepEqual(epochsOf('epoch/'), [7, 8])
  })

  it('takes an entry that changed after the merge over the merged one', async () => {
    const { keeper } = await storeOf(MERGE_AT)
    await keeper.mergeInBackground(KEEP_ALL)
    await keeper.prepare(draftOf(MERGE_AT + 1), [blockOf(1, { 0: 99 })], KEEP_ALL)
    assert.equal((await entriesOf(keeper))['unique/1/0'], 99)
  })

  it('drops a block unread once the horizon passed its newest entry, and old entries in a merge', async () => {
    const { keeper } = await storeOf(MERGE_AT)
    await keeper.prepare(draftOf(MERGE_AT + 1), [], new Map([['unique', 3]]))
    const epochs = keeper.last?.marker.blocks.map(({ from }) => from)
    assert.equal(Math.min(...(epochs ?? [])), 3)
    const other = await storeOf(MERGE_AT)
    await other.keeper.mergeInBackground(new Map([['unique', 6]]))
    await other.keeper.prepare(draftOf(MERGE_AT + 1), [], KEEP_ALL)
    assert.deepEqual(Object.keys(await entriesOf(other.keeper)), [
      'unique/0/6',
      'unique/0/7',
      'unique/0/8',
      'unique/1/0',
    ])
  })

  it('keeps the blocks of an operator that gave nothing up', async () => {
    const { keeper } = await storeOf(2)
    await keeper.prepare(draftOf(3), [blockOf(0, { 1: 1 }, 'other')], new Map([['unique', 100]]))
    assert.deepEqual(await entriesOf(keeper), { 'other/0/1': 1 })
  })

  it('forgets an abandoned epoch and never gives its number out again', async () => {
    const { bytes, keeper } = await storeOf(2)
    await keeper.writeClaim({ generation: 4, usedEpochs: 1 })
    await keeper.abandon(2)
    const stored = await keeper.load()
    assert.equal(stored.kind === 'epoch' && stored.sealed.marker.epoch, 1)
    assert.deepEqual(await entriesOf(keeper), { 'unique/0/1': 1, 'unique/1/0': 1 })
    assert.deepEqual(await open(bytes).claimed(), { generation: 4, usedEpochs: 2 })
  })

  it('takes everything from a checkpoint that it is rebuilt from', async () => {
    const source = await storeOf(3)
    const { keeper, bytes } = await storeOf(5)
    await keeper.collect(5)
    const sealed = source.keeper.last!
    const values = await source.keeper.read(sealed.marker.blocks)
    await keeper.rebuild(sealed, new Map(sealed.marker.blocks.map((entry, index) => [entry, values[index]!])))
    const reopened = open(bytes)
    const stored = await reopened.load()
    assert.equal(stored.kind === 'epoch' && stored.sealed.hash, sealed.hash)
    assert.equal(stored.kind === 'epoch' && stored.isFinalized, false)
    assert.deepEqual(await entriesOf(reopened), await entriesOf(source.keeper))
  })

  it('refuses to be rebuilt from damaged blocks and keeps what it has', async () => {
    const { keeper, bytes } = await storeOf(2)
    const sealed = keeper.last!
    const values = await keeper.read(sealed.marker.blocks)
    values[0]![20]! ^= 1
    const blocks = new Map(sealed.marker.blocks.map((entry, index) => [entry, values[index]!]))
    await assert.rejects(keeper.rebuild(sealed, blocks), { code: 'MR_STATE_CORRUPT' })
    assert.equal((await open(bytes).load()).kind, 'epoch')
  })

  it('shows a block that is missing', async () => {
    const { bytes } = await storeOf(2)
    bytes.entries.delete(bytes.named('block/')[0]!)
    await assertCorrupt(bytes, /block ".*" of epoch 2 is missing/)
  })

  it('shows every flipped bit of a block when it is read', async () => {
    const { bytes } = await storeOf(1)
    const key = bytes.named('block/')[0]!
    for (let bit = 0; bit < 8 * bytes.entries.get(key)!.length; bit++) {
      bytes.flip(key, bit)
      const keeper = open(bytes)
      await keeper.load()
      await assert.rejects(entriesOf(keeper), { code: 'MR_STATE_CORRUPT' }, `bit ${bit}`)
      bytes.flip(key, bit)
    }
  })

  it('shows a block of an older epoch in the place of a newer one', async () => {
    const { bytes } = await storeOf(2)
    const [older, newer] = bytes.named('block/unique/0000')
    bytes.entries.set(newer!, bytes.entries.get(older!)!)
    const keeper = open(bytes)
    await keeper.load()
    await assert.rejects(entriesOf(keeper), { code: 'MR_STATE_CORRUPT' })
  })

  it('shows a damaged marker, also of the epoch before the last', async () => {
    for (const place of [0, 1]) {
      const { bytes } = await storeOf(2)
      bytes.flip(bytes.named('epoch/')[place]!, 200)
      await assertCorrupt(bytes, /checksum/)
    }
  })

  it('shows an older marker in the place of the last one', async () => {
    const { bytes } = await storeOf(3)
    const [first, , last] = bytes.named('epoch/')
    bytes.entries.set(last!, bytes.entries.get(first!)!)
    await assertCorrupt(bytes, /holds the marker of epoch 1/)
  })

  it('shows a marker that does not continue the one before', async () => {
    const { bytes } = await storeOf(2)
    const other = await storeOf(0)
    await other.keeper.prepare(draftOf(1, { generation: 9 }), [], KEEP_ALL)
    const [first] = bytes.named('epoch/')
    bytes.entries.set(first!, other.bytes.entries.get(first!)!)
    await assertCorrupt(bytes, /does not continue/)
  })

  it('shows the loss of an epoch that was finalized', async () => {
    const { bytes, keeper } = await storeOf(3)
    await keeper.collect(3)
    bytes.entries.delete(bytes.named('epoch/').at(-1)!)
    await assertCorrupt(bytes, /lost epoch 3/)
    for (const key of bytes.named('epoch/')) bytes.entries.delete(key)
    await assertCorrupt(bytes, /lost epoch 3/)
  })

  it('refuses state of a newer format and does not call it damaged', async () => {
    const { bytes, keeper } = await storeOf(1)
    await keeper.prepare(draftOf(2, { format: 2 }), [], KEEP_ALL)
    await assert.rejects(open(bytes).load(), { code: 'MR_STATE_FORMAT' })
  })

  it('remembers the last claim', async () => {
    const { bytes, keeper } = await storeOf(0)
    assert.deepEqual(await keeper.claimed(), { generation: 0, usedEpochs: 0 })
    await keeper.writeClaim({ generation: 3, usedEpochs: 8 })
    assert.deepEqual(await open(bytes).claimed(), { generation: 3, usedEpochs: 8 })
  })
})
