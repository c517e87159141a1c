import assert from 'node:assert/strict'
import { coded, decided, failureOf, numbered, readAll, startOf, takeTo, valuesOf, worldTests } from './in-world.ts'
import type { KafkaSuiteSubject } from './kafka-world.ts'

/** Feeds of partitions: what comes, and what ends them. */
export function feedTests(subject: KafkaSuiteSubject): void {
  readingTests(subject)
  arrivalTests(subject)
  endingTests(subject)
}

function readingTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)

  test('gives every record from any offset on, also from within a batch', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    for (let from = 0; from < 12; from += 4) await world.append(place, numbered(from, 4))
    for (const from of [0, 1, 3, 4, 11, 12]) {
      const found = await readAll(world, { ...place, from })
      assert.deepEqual(
        found,
        Array.from({ length: 12 - from }, (_, i) => ({ offset: from + i, value: String(from + i) })),
      )
    }
  })

  test('gives more than may wait at once', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    for (let from = 0; from < 4_000; from += 500) await world.append(place, numbered(from, 500))
    const found = await readAll(world, { ...place, maxWaitingBytes: 8_192 })
    assert.deepEqual(
      found.map(({ offset }) => offset),
      Array.from({ length: 4_000 }, (_, i) => i),
    )
  })

  test('goes past offsets that hold nothing to see', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    const producer = await world.producer(world.name('gaps'))
    for (const end of ['commit', 'abort', 'commit'] as const)
      await (await producer.send(place, numbered(0, 2))).finish(end)
    await decided(world, place)
    await world.append(place, numbered(2, 1))
    const found = await readAll(world, place)
    // A marker stands after each transaction.
    assert.deepEqual(
      found.map(({ offset }) => offset),
      [0, 1, 6, 7, 9],
    )
  })
}

function arrivalTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)

  test('tells when something arrives', async (world) => {
    const topic = await world.topic(2)
    const client = await world.client()
    const feeds = []
    for (const partition of [0, 1]) feeds.push(client.feed(await startOf(world, { topic, partition }, 0)))
    assert.equal(feeds[1]!.take(), undefined)
    const arrival = feeds[1]!.arrival()
    await world.append({ topic, partition: 1 }, numbered(0, 3))
    await arrival
    assert.deepEqual(valuesOf(await takeTo(feeds[1]!, { from: 0, end: 3 })), ['0', '1', '2'])
    assert.equal(feeds[0]!.take(), undefined)
  })

  test('brings nothing into a feed that was closed, and everything into the next one', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    await world.append(place, numbered(0, 3))
    const client = await world.client()
    const start = await startOf(world, place, 0)
    const closed = client.feed(start)
    await closed.arrival()
    closed.close()
    assert.equal(closed.take(), undefined)
    assert.equal((await takeTo(client.feed(start), { from: 0, end: 3 })).length, 3)
    assert.equal(closed.take(), undefined)
  })
}

function endingTests(subject: KafkaSuiteSubject): void {
  const test = worldTests(subject)
  const { topicIdentity } = subject.capabilities

  test('says where retention has passed the offset', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    await world.append(place, numbered(0, 10))
    await world.deleteRecords(place, 5)
    const feed = (await world.client()).feed(await startOf(world, place, 2))
    await assert.rejects(failureOf(feed), coded('MR_POSITION_LOST', '5 to 10', 'not 2', 'retention'))
  })

  test('says where the log ends before the offset', async (world) => {
    const place = { topic: await world.topic(1), partition: 0 }
    await world.append(place, numbered(0, 3))
    const feed = (await world.client()).feed(await startOf(world, place, 7))
    await assert.rejects(failureOf(feed), coded('MR_POSITION_LOST', '0 to 3', 'not 7', 'truncated'))
  })

  test(
    'says where the log was cut back under the reader, although it is as long again',
    async (world) => {
      const place = { topic: await world.topic(1), partition: 0 }
      await world.append(place, numbered(0, 4))
      await world.append(place, numbered(4, 4))
      const feed = (await world.client()).feed(await startOf(world, place, 0))
      await takeTo(feed, { from: 0, end: 8 })
      await world.truncate?.(place, 4)
      await world.append(place, numbered(100, 8))
      await assert.rejects(failureOf(feed), coded('MR_POSITION_LOST', 'truncated to offset 4', 'at 8'))
    },
    !subject.truncates && 'nothing can make these brokers forget',
  )

  test(
    'says where the topic was created anew under the reader',
    async (world) => {
      const place = { topic: await world.topic(1), partition: 0 }
      await world.append(place, numbered(0, 3))
      const feed = (await world.client()).feed(await startOf(world, place, 0))
      await world.recreate(place.topic, 1)
      await assert.rejects(failureOf(feed), coded('MR_SOURCE_REPLACED', place.topic, 'created anew'))
    },
    !topicIdentity && 'it knows topics by name',
  )

  test('gives a topic up that stays unknown', async (world) => {
    const topic = world.name('absent')
    const feed = (await world.client()).feed({ topic, partition: 0, topicId: topic, offset: 0, leaderEpoch: -1 })
    await assert.rejects(failureOf(feed), coded('MR_KAFKA_TOPIC_UNKNOWN', topic))
  })

  test('wakes who waits when the client is closed', async (world) => {
    const client = await world.client()
    const feed = client.feed(await startOf(world, { topic: await world.topic(1), partition: 0 }, 0))
    const failure = assert.rejects(failureOf(feed), coded('MR_KAFKA_UNREACHABLE', 'closed'))
    await client.close()
    await failure
  })
}
