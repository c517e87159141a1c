import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KafkaClient } from '../../../connectors/kafka/client/kafka-client.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import { encodeRecordBatch } from '../../../formats/record-batch/encode.ts'
import { NO_FAULTS } from '../faults.ts'
import type { Incarnation } from '../incarnation.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { Simulation } from '../simulation-scheduler.ts'
import { KafkaOutages } from './kafka-outages.ts'
import { simulatedClients } from './simulated-kafka-client.ts'
import { SimulatedNetwork } from './simulated-network.ts'

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined }
const CONNECTION = { brokers: ['broker-1:9092'], tls: undefined, sasl: undefined }
const PLACE = { topic: 'topic', partition: 0 }
const FAULTY = { refused: 0.1, replyLost: 0.1, budget: 1_000 }
const SEEDS = Array.from({ length: 60 }, (_, seed) => seed)

interface World {
  readonly simulation: Simulation
  readonly network: SimulatedNetwork
  readonly start: (name: string) => Promise<{ readonly process: Incarnation; readonly client: KafkaClient }>
}

function worldOf(seed: number, faults = NO_FAULTS): World {
  const simulation = new Simulation(seed)
  const network = new SimulatedNetwork(simulation, faults)
  network.cluster.createTopic(PLACE.topic, 1)
  const start = async (name: string) => {
    const process = simulation.incarnation(name)
    const client = await simulatedClients(
      network,
      process,
    )({
      connection: CONNECTION,
      clientId: name,
      isolation: 'read_committed',
      maxWaitingBytes: 1_000_000,
      maxWaitMs: 50,
      clock: new SimulatedClock(simulation, process),
      random: simulation.random.fork(name),
      logger: SILENT,
    })
    return { process, client }
  }
  return { simulation, network, start }
}

const batchOf = (value: string): Uint8Array =>
  encodeRecordBatch({
    baseOffset: 0,
    codec: 'none',
    records: [{ timestamp: 1, key: null, value: Buffer.from(value), headers: [] }],
  })

/** A request of somebody who gave it up, or is dead, may begin a transaction of its own meanwhile: then all is done again. */
async function write(client: KafkaClient, values: readonly string[]): Promise<void> {
  for (;;) {
    try {
      const transaction = await client.transaction('id')
      for (const value of values) await transaction.append(PLACE, batchOf(value))
      await transaction.commit()
      return
    } catch (error) {
      if (!(error instanceof MillraceError && error.code === 'MR_KAFKA_FENCED')) throw error
    }
  }
}

/** Values that a reader of committed records sees in the end. */
async function seen({ simulation, network, start }: World): Promise<readonly string[]> {
  network.faults.heal()
  const { client } = await start('reader')
  const values: string[] = []
  const read = async (): Promise<void> => {
    const [end] = await client.listOffsets([PLACE], 'latest')
    const topicId = network.cluster.topic(PLACE.topic).id
    const feed = client.feed({ ...PLACE, topicId, offset: 0, leaderEpoch: -1 })
    for (let next = 0; next < end!; ) {
      const view = feed.take()
      if (view === undefined) {
        await feed.arrival()
        continue
      }
      next = view.nextOffset
      for (let i = 0; i < view.count; i++) {
        const from = view.valueStarts[i]!
        values.push(Buffer.from(view.buffer.subarray(from, from + view.valueLengths[i]!)).toString())
      }
    }
    await client.close()
  }
  await simulation.finish(read())
  return values
}

test('a batch is in the topic once, whatever answers and requests get lost', async () => {
  let injected = 0
  for (const seed of SEEDS) {
    const world = worldOf(seed, FAULTY)
    const { client } = await world.start('writer')
    await world.simulation.finish(write(client, ['a', 'b', 'c']))
    injected += world.network.faults.injected
    // The markers are written after the answer.
    await world.simulation.finish(world.simulation.after(1_000))
    assert.deepEqual(await seen(world), ['a', 'b', 'c'], `seed ${seed}`)
  }
  assert.ok(injected > SEEDS.length)
})

test('a producer has each batch in the topic once and in its order, whatever gets lost, and while leaders move', async () => {
  let injected = 0
  for (const seed of SEEDS) {
    const world = worldOf(seed, FAULTY)
    const { simulation, network } = world
    const { client } = await world.start('writer')
    const values = Array.from({ length: 12 }, (_, n) => String(n))
    const outages = new KafkaOutages(simulation, network.cluster, 20)
    const moving = simulation.run(() => {
      outages.step()
      return false
    }, 1_000)
    const appended = Promise.all(values.map((value) => client.producer.append(PLACE, batchOf(value))))
    await moving
    outages.end()
    await simulation.finish(appended)
    injected += network.faults.injected
    assert.deepEqual(await seen(world), values, `seed ${seed}`)
  }
  assert.ok(injected > SEEDS.length)
})

test('what a process sent before it died may arrive, also after its successor began; nothing that it did later does', async () => {
  const outcomes = new Set<string>()
  for (const seed of SEEDS) {
    const world = worldOf(seed)
    const { simulation, network } = world
    const dying = await world.start('process')
    write(dying.client, ['a', 'b']).catch(() => assert.fail('a dead process heard something'))
    await simulation.run(() => simulation.steps > 3 + (seed % 40), 1_000)
    dying.process.crash()
    const successor = await world.start('process')
    await simulation.finish(successor.client.transaction('id'))
    const { end } = network.cluster.log(PLACE)
    await simulation.finish(simulation.after(10_000))
    const log = network.cluster.log(PLACE)
    assert.equal(log.end, end, `seed ${seed}: something came after the fence`)
    assert.equal(log.stableEnd, end, `seed ${seed}: something is open after the fence`)
    await simulation.finish(write(successor.client, ['c']))
    await simulation.finish(simulation.after(1_000))
    outcomes.add((await seen(world)).join(''))
  }
  assert.deepEqual([...outcomes].sort(), ['abc', 'c'])
})

test('a client without brokers is told so, and a feed goes on when they are back', async () => {
  for (const seed of SEEDS.slice(0, 10)) {
    const world = worldOf(seed)
    const { simulation, network } = world
    const { cluster } = network
    const { client } = await world.start('reader')
    const topicId = cluster.topic(PLACE.topic).id
    cluster.append(PLACE, batchOf('a'))
    const feed = client.feed({ ...PLACE, topicId, offset: 0, leaderEpoch: -1 })
    await simulation.finish(feed.arrival())
    assert.equal(feed.take()?.baseOffset, 0)
    for (const broker of cluster.brokers) cluster.stop(broker)
    await assert.rejects(simulation.finish(client.describeTopics([PLACE.topic])), { code: 'MR_KAFKA_UNREACHABLE' })
    await simulation.finish(simulation.after(60_000))
    for (const broker of cluster.brokers.toReversed()) cluster.start(broker)
    cluster.append(PLACE, batchOf('b'))
    assert.equal(feed.take(), undefined)
    await simulation.finish(feed.arrival())
    assert.equal(feed.take()?.baseOffset, 1)
    await client.close()
  }
})
