import assert from 'node:assert/strict'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { type BatchFrame, frameAt } from '../../formats/record-batch/decode.ts'
import { encodeRecordBatch } from '../../formats/record-batch/encode.ts'
import { MOST_INFLATED_BYTES } from '../../formats/record-batch/layout.ts'
import { freePort, KafkaBroker } from '../../scripts/kafka/broker.ts'
import { textRecord } from '../connectors/log/log-fixture.ts'
import { batchAround, repairCrc } from '../formats/record-batch/batches.ts'
import { enterNewDirectory } from '../sabotage/scene.ts'
import { copied, numbered, numbersFrom, runCopy } from './copy-job.ts'
import { FaultProxy } from './fault-proxy.ts'
import { KafkaFixture, topicName } from './kafka-fixture.ts'
import { readTopic } from './read-topic.ts'

// A broker of its own, as its files are damaged; clients reach it through a proxy, by the port that it tells them.
const advertisedPort = await freePort()
const broker = await KafkaBroker.start({ advertisedPort })
const proxy = await FaultProxy.open(advertisedPort, broker.port)
const brokers = `127.0.0.1:${advertisedPort}`
const fixture = new KafkaFixture(brokers)
after(async () => {
  await fixture.close()
  await proxy.close()
  await broker.stop()
})
beforeEach(() => enterNewDirectory())

const CHUNK = 40

/** A topic with three batches of numbers. */
async function filled(): Promise<string> {
  const topic = topicName('poison')
  await fixture.createTopic(topic)
  for (let from = 0; from < 3 * CHUNK; from += CHUNK) {
    await fixture.append({ topic, partition: 0 }, numbered(from, CHUNK))
  }
  return topic
}

/** The job stops at this offset and has copied nothing from there on, but every record that it copied before, once. */
async function assertStops(
  running: Promise<unknown>,
  at: { topic: string; offset: number; code: string },
): Promise<void> {
  const message = new RegExp(`^${at.topic}-0 at offset ${at.offset}: record batch .*; nothing is skipped$`)
  await assert.rejects(running, { code: at.code, message })
  const seen = await copied()
  assert.ok(seen.length <= at.offset)
  assert.deepEqual(seen, numbersFrom(0, seen.length))
}

async function assertWhole(running: ReturnType<typeof runCopy>, count: number): Promise<void> {
  const { imbalances } = await running
  assert.deepEqual(imbalances, [])
  assert.deepEqual(await copied(), numbersFrom(0, count))
}

describe("fault 34: a batch is damaged on the broker's disk", () => {
  const damages: Readonly<Record<string, (segment: Buffer, frame: BatchFrame) => void>> = {
    'a bit of its records is another': (segment, { end }) => segment.writeInt8(segment.readInt8(end - 3) ^ 1, end - 3),
    'its records cannot be inflated': (segment, { start, end }) => {
      segment.writeInt16BE(1, start + 21)
      repairCrc(segment.subarray(start, end))
    },
    'it claims more records than it has': (segment, { start, end }) => {
      segment.writeInt32BE(CHUNK + 1, start + 57)
      repairCrc(segment.subarray(start, end))
    },
  }
  for (const [what, damage] of Object.entries(damages)) {
    it(`the job stops before it, and every record arrives once when the log is mended: ${what}`, async () => {
      const topic = await filled()
      const path = join(broker.directory, 'log', `${topic}-0`, '00000000000000000000.log')
      const whole = await readFile(path)
      const damaged = Buffer.from(whole)
      damage(damaged, frameAt(whole, frameAt(whole, 0)!.end)!)
      const segment = await open(path, 'r+')
      await segment.write(damaged, 0, damaged.length, 0)
      await assertStops(runCopy({ brokers, topic }), { topic, offset: CHUNK, code: 'MR_RECORD_BATCH_CORRUPT' })
      await segment.write(whole, 0, whole.length, 0)
      await segment.close()
      await assertWhole(runCopy({ brokers, topic }), 3 * CHUNK)
    })
  }
})

describe('fault 34: a batch that the broker takes, though no reader can', () => {
  const smallest = Buffer.from('0c000000010100', 'hex')
  const batches = [
    {
      what: 'a decompression bomb',
      code: 'MR_RECORD_BATCH_TOO_LARGE',
      batch: encodeRecordBatch({
        baseOffset: 0,
        codec: 'zstd',
        records: [textRecord('x'.repeat(MOST_INFLATED_BYTES))],
      }),
    },
    {
      what: 'offsets that do not rise',
      code: 'MR_RECORD_BATCH_CORRUPT',
      batch: batchAround(Buffer.concat([smallest, smallest]), { codec: 0, count: 2 }),
    },
  ]
  for (const { what, code, batch } of batches) {
    it(`stops the job, with its place: ${what}`, async () => {
      const topic = await filled()
      await assertWhole(runCopy({ brokers, topic }), 3 * CHUNK)
      await fixture.appendBatch({ topic, partition: 0 }, batch)
      await assertStops(runCopy({ brokers, topic }), { topic, offset: 3 * CHUNK, code })
      assert.equal((await copied()).length, 3 * CHUNK)
    })
  }

  it('is no batch that is only larger than what a fetch asks for', async () => {
    const topic = topicName('large')
    await fixture.createTopic(topic)
    for (const value of ['before', 'x'.repeat(900_000), 'after'])
      await fixture.append({ topic, partition: 0 }, [textRecord(value)])
    for (const client of CLIENTS) {
      const of = { topic, partitions: 1, isolation: 'read_committed', maxWaitingBytes: 8_192, client } as const
      const lengths = (await readTopic(fixture, of)).map(({ value }) => value?.length)
      assert.deepEqual(lengths, [6, 900_000, 5])
    }
  })
})

describe('fault 34: a bit flips on the way from the broker', () => {
  const text = `{"n":${CHUNK + 7}}`
  for (const client of CLIENTS) {
    it(`once: the batch is fetched once more (${client})`, async () => {
      const topic = await filled()
      proxy.fault = { kind: 'flip', text, times: 1 }
      await assertWhole(runCopy({ brokers, topic, client }), 3 * CHUNK)
      assert.equal(proxy.flips, 1)
    })

    it(`every time: the job stops, and every record arrives once when the network is mended (${client})`, async () => {
      const topic = await filled()
      proxy.fault = { kind: 'flip', text, times: Number.POSITIVE_INFINITY }
      await assertStops(runCopy({ brokers, topic, client }), { topic, offset: CHUNK, code: 'MR_RECORD_BATCH_CORRUPT' })
      assert.equal(proxy.flips, 2)
      proxy.fault = { kind: 'none' }
      await assertWhole(runCopy({ brokers, topic, client }), 3 * CHUNK)
    })
  }
})
