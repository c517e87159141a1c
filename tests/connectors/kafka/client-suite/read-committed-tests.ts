import assert from 'node:assert/strict'
import type { TopicPartition } from '../../../../connectors/kafka/index.ts'
import { SeededRandom } from '../../../simulation/seeded-random.ts'
import { eventually, numbered, readAll, record, startOf, takeTo, valuesOf, worldTests } from './in-world.ts'
import type { KafkaSuiteSubject, KafkaWorld, WorldProducer } from './kafka-world.ts'

/** What is to become of a transaction. */
type End = 'commit' | 'abort'

/** Counts of what was sent, by its end. */
type Sent = Readonly<Record<End, number>>

interface Sending {
  readonly end: End
  readonly records: number
  readonly key?: Buffer
}

const KEY_ZERO = Buffer.alloc(4)

async function producers(world: KafkaWorld, count: number): Promise<readonly WorldProducer[]> {
  const made: WorldProducer[] = []
  for (let i = 0; i < count; i++) made.push(await world.producer(world.name('producer')))
  return made
}

/** Sends what says how it is to end; gives that end. */
async function send(producer: WorldProducer, place: TopicPartition, { end, records, key }: Sending) {
  const entries = Array.from({ length: records }, (_, i) => ({ ...record(`${end} ${i}`), key: key ?? null }))
  const { finish } = await producer.send(place, entries)
  return () => finish(end)
}

const CASES: Readonly<Record<string, (world: KafkaWorld, place: TopicPartition, seed: number) => Promise<Sent>>> = {
  'one producer that alternates': async (world, place) => {
    const [producer] = await producers(world, 1)
    for (let i = 0; i < 6; i++) {
      const finish = await send(producer!, place, { end: i % 2 === 0 ? 'commit' : 'abort', records: 10 })
      await finish()
    }
    return { commit: 30, abort: 30 }
  },
  'aborted transactions that overlap': async (world, place) => {
    const [first, second, third] = await producers(world, 3)
    const finishFirst = await send(first!, place, { end: 'abort', records: 20 })
    const finishSecond = await send(second!, place, { end: 'abort', records: 30 })
    const finishThird = await send(third!, place, { end: 'commit', records: 10 })
    await finishThird()
    await finishSecond()
    await finishFirst()
    return { commit: 10, abort: 50 }
  },
  'keys of four zero bytes': async (world, place) => {
    const [first, second] = await producers(world, 2)
    const finishAborted = await send(first!, place, { end: 'abort', records: 15, key: KEY_ZERO })
    const finish = await send(second!, place, { end: 'commit', records: 5, key: KEY_ZERO })
    await finish()
    await finishAborted()
    return { commit: 5, abort: 15 }
  },
  'eight producers at random': async (world, place, seed) => {
    const random = new SeededRandom(seed)
    const idle = [...(await producers(world, 8))]
    const open: { readonly producer: WorldProducer; finish(): Promise<void> }[] = []
    const sent = { commit: 0, abort: 0 }
    for (let step = 0; step < 200 || open.length > 0; step++) {
      if (idle.length > 0 && step < 200 && random.chance(0.6)) {
        const producer = idle.splice(random.below(idle.length), 1)[0]!
        const end = random.chance(0.5) ? 'commit' : 'abort'
        const records = 1 + random.below(20)
        sent[end] += records
        open.push({ producer, finish: await send(producer, place, { end, records }) })
      } else if (open.length > 0) {
        const { producer, finish } = open.splice(random.below(open.length), 1)[0]!
        await finish()
        idle.push(producer)
      }
    }
    return sent
  },
}

/** Records of transactions of others, for readers of committed ones and of all. */
export function readCommittedTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)
  for (const [name, produce] of Object.entries(CASES)) {
    test(`delivers every committed record and no aborted one: ${name}`, async (world) => {
      const place = { topic: await world.topic(1), partition: 0 }
      const seed = Date.now() % 1_000_000
      const sent = await produce(world, place, seed)
      for (const maxWaitingBytes of [8_192, 100_000_000]) {
        const seen = valuesOf(await readAll(world, { ...place, maxWaitingBytes }))
        assert.equal(seen.filter((value) => value.startsWith('abort')).length, 0, `seed ${seed}`)
        assert.equal(seen.length, sent.commit, `seed ${seed}`)
        const all = await readAll(world, { ...place, maxWaitingBytes, isolation: 'read_uncommitted' })
        assert.equal(all.length, sent.commit + sent.abort, `seed ${seed}`)
      }
    })
  }

  test('holds back what comes after an open transaction until that ends', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    await world.append(place, numbered(0, 2))
    const open = await (await world.producer(world.name('open'))).send(place, numbered(2, 2))
    await world.append(place, numbered(4, 2))
    const client = await world.client()
    const feed = client.feed(await startOf(world, place, 0))
    assert.deepEqual(valuesOf(await takeTo(feed, { from: 0, end: 2 })), ['0', '1'])
    const all = (await world.client({ isolation: 'read_uncommitted' })).feed(await startOf(world, place, 0))
    assert.equal((await takeTo(all, { from: 0, end: 6 })).length, 6)
    assert.equal(feed.take(), undefined)
    await open.finish('commit')
    assert.deepEqual(valuesOf(await takeTo(feed, { from: 2, end: 6 })), ['2', '3', '4', '5'])
    await eventually(world, async () => ((await client.listOffsets([place], 'latest'))[0] === 7 ? true : undefined))
  })
}
