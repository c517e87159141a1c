import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HostCommand, HostEvent } from '../../../../core/runtime/host-messages.ts'
import { Bench } from './task-host-bench.ts'

/** Few, so that a key group has keys enough to spill. */
const KEY_GROUPS = 4
const EMPTY_BYTES = 512 * KEY_GROUPS

const barrier = (epoch: number): HostCommand => ({ kind: 'barrier', epoch, now: 2000, isFinal: false })

function ids(from: number, to: number): readonly { readonly id: string }[] {
  return Array.from({ length: to - from }, (_, i) => ({ id: `order-${from + i}` }))
}

/** A host that runs with so much memory above what its empty table takes. */
async function running(bytes: number): Promise<Bench> {
  const bench = new Bench()
  await bench.tell(bench.assign({ keyGroups: KEY_GROUPS, stateMemoryBytes: EMPTY_BYTES + bytes }))
  await bench.tell({ kind: 'restored' })
  await bench.tell({ kind: 'run' })
  return bench
}

async function take(bench: Bench, records: readonly { readonly id: string }[]): Promise<void> {
  bench.topic.append(0, ...records)
  await bench.clock.advance(5)
}

type Spill = Extract<HostEvent, { readonly kind: 'spill' }>

function spillsOf({ events }: Bench): readonly Spill[] {
  return events.filter((event) => event.kind === 'spill')
}

/** Does as the main thread would: what was spilled is written. */
async function written(bench: Bench): Promise<ReadonlyMap<string, Uint8Array>> {
  const pages = spillsOf(bench).flatMap(({ change }) => change.write)
  await bench.tell({ kind: 'spilled', bytes: pages.reduce((sum, { bytes }) => sum + bytes.length, 0) })
  return new Map(pages.map(({ name, bytes }) => [name, bytes]))
}

/** The pages that the host waits for. */
function wanted({ events }: Bench): Extract<HostEvent, { readonly kind: 'read' }> {
  const last = events.at(-1)
  assert.ok(last?.kind === 'read', `the last event is ${last?.kind}`)
  return last
}

async function give(bench: Bench, pages: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const { request, names } = wanted(bench)
  await bench.tell({ kind: 'pages', request, pages: names.map((name) => pages.get(name)!.slice()) })
}

/** A host most of whose keys are outside memory, and which waits for some of them. */
async function waiting(): Promise<{ readonly bench: Bench; readonly pages: ReadonlyMap<string, Uint8Array> }> {
  const bench = await running(8_000)
  await take(bench, ids(0, 1_000))
  await bench.tell(barrier(1))
  const pages = await written(bench)
  await take(bench, [...ids(0, 1_000), { id: 'new' }])
  return { bench, pages }
}

describe('TaskHost with little memory', () => {
  it('asks once for a barrier where keys of one epoch outgrow their memory, and moves them out at it', async () => {
    const bench = await running(8_000)
    await take(bench, ids(0, 50))
    assert.equal(bench.kinds.includes('outgrown'), false)
    await take(bench, ids(50, 900))
    await take(bench, ids(900, 1_000))
    assert.equal(bench.kinds.filter((kind) => kind === 'outgrown').length, 1)
    assert.deepEqual(spillsOf(bench), [])
    await bench.tell(barrier(1))
    assert.equal(bench.kinds.filter((kind) => kind === 'report').length, 2)
    assert.ok(spillsOf(bench).length > 0)
    const pages = await written(bench)
    await take(bench, ids(1_000, 2_000))
    // Filters take some new keys for known ones.
    await give(bench, pages)
    assert.equal(bench.kinds.filter((kind) => kind === 'outgrown').length, 2, 'so did the next epoch')
  })

  it('fails without a report of the epoch where state has no room at its barrier', async () => {
    const bench = await running(1_000)
    await take(bench, ids(0, 1_000))
    await bench.tell(barrier(1))
    assert.equal(bench.failure, 'MR_STATE_BUDGET')
    assert.equal(bench.kinds.includes('report'), false, 'the epoch is never prepared')
  })

  it('holds records back until the pages with their keys are there', async () => {
    const { bench, pages } = await waiting()
    assert.equal(bench.writer.ids.length, 1_000)
    await give(bench, pages)
    assert.deepEqual(bench.writer.ids.slice(1_000), ['new'])
    assert.equal(bench.failure, undefined)
  })

  it('fails with a code of its own where a page is not what it wrote', async () => {
    const { bench, pages } = await waiting()
    const { request, names } = wanted(bench)
    const damaged = names.map((name) => pages.get(name)!.slice())
    damaged[0]![40]! ^= 1
    await bench.tell({ kind: 'pages', request, pages: damaged })
    assert.equal(bench.failure, 'MR_SPILL_CORRUPT')
    assert.equal(bench.writer.ids.length, 1_000, 'nothing was decided without it')
  })
})
