import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type KafkaTopicOptions, kafkaTopic } from '../../../connectors/kafka/index.ts'
import { appendValue } from '../../../core/model/append-value.ts'
import { Batch } from '../../../core/model/batch.ts'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'
import { contract, float64, string } from '../../../core/model/contract.ts'
import type { Refusal } from '../../../core/model/dead-letter.ts'
import { MillraceError } from '../../../core/model/errors.ts'
import type { Schema } from '../../../core/model/field-type.ts'
import type { RecordWriter } from '../../../core/ports/sink.ts'
import { MemoryDisk } from '../log/memory-files.ts'
import { type SuiteRecord, suiteBatch, suiteContract, suiteRecords } from '../suite-records.ts'
import { testPorts } from '../test-ports.ts'
import { HeldKafka } from './held-kafka.ts'

const STAGED_NOTHING = { outbox: [], content: null }

interface WriterOf extends Partial<KafkaTopicOptions> {
  readonly schema?: Schema
  readonly reject?: (why: Refusal) => void
}

function writerOf(
  kafka: HeldKafka,
  { schema = suiteContract.schema, reject, ...options }: WriterOf = {},
): RecordWriter {
  const spec = kafkaTopic<SuiteRecord>({
    topic: 'out',
    codec: 'none',
    delivery: 'at-least-once',
    client: kafka.factory,
    ...options,
  })
  const context = {
    ...testPorts(new MemoryDisk().fileStore()),
    sink: 'out',
    outbox: 'outbox',
    task: 0,
    generation: 1,
    splitOf: (index: number) => `in-${index}`,
    reject: (_batch: Batch, _rows: Int32Array, why: Refusal) => {
      if (reject === undefined) assert.fail('refused')
      reject(why)
    },
  }
  return spec.writer(context, schema)
}

function idsOf(values: readonly string[]): readonly number[] {
  return values.map((value): number => JSON.parse(value).amount)
}

function write(writer: RecordWriter, first: number, count: number): number {
  const taken = writer.write(suiteBatch(suiteRecords(first, count)))
  writer.flush?.()
  return taken
}

/** A writer that knows its topic, from which nothing is under way. */
async function begun(kafka: HeldKafka, of: WriterOf = {}): Promise<RecordWriter> {
  const writer = writerOf(kafka, of)
  write(writer, 0, 1)
  await writer.ready()
  await kafka.acknowledgeAll()
  return writer
}

describe('a sink that sends records as they come', () => {
  it('sends at once where nothing is under way, and what comes meanwhile together', async () => {
    const kafka = new HeldKafka(1)
    const writer = await begun(kafka)
    write(writer, 1, 2)
    await turn()
    assert.deepEqual(
      kafka.sent.map(({ values }) => idsOf(values)),
      [[1, 2]],
    )
    for (const n of [3, 4, 5]) write(writer, n, 1)
    await turn()
    assert.equal(kafka.sent.length, 1)
    kafka.sent.shift()!.acknowledge()
    await turn()
    assert.deepEqual(
      kafka.sent.map(({ values }) => idsOf(values)),
      [[3, 4, 5]],
    )
    await kafka.acknowledgeAll()
    assert.deepEqual(kafka.sent, [])
  })

  it('sends a burst of batches together', async () => {
    const kafka = new HeldKafka(1)
    const writer = await begun(kafka)
    for (const n of [1, 2, 3]) writer.write(suiteBatch(suiteRecords(n, 1)))
    await turn()
    assert.deepEqual(kafka.sent, [])
    writer.flush?.()
    await turn()
    assert.deepEqual(
      kafka.sent.map(({ values }) => idsOf(values)),
      [[1, 2, 3]],
    )
  })

  it('has staged an epoch when all of it is acknowledged, whatever came later', async () => {
    const kafka = new HeldKafka(1)
    const writer = await begun(kafka)
    assert.deepEqual(await writer.stage(0), { records: 1, ...STAGED_NOTHING })
    write(writer, 1, 3)
    write(writer, 4, 2)
    let isStaged = false
    const staging = writer.stage(1).then((staged) => {
      isStaged = true
      return staged
    })
    write(writer, 6, 1)
    await turn()
    kafka.sent.shift()!.acknowledge()
    await turn()
    assert.equal(isStaged, false)
    assert.deepEqual(idsOf(kafka.sent[0]!.values), [4, 5])
    kafka.sent.shift()!.acknowledge()
    assert.deepEqual(await staging, { records: 5, ...STAGED_NOTHING })
    await kafka.acknowledgeAll()
    assert.deepEqual(await writer.stage(2), { records: 1, ...STAGED_NOTHING })
  })

  it('asks Kafka for nothing where there are no records', async () => {
    const kafka = new HeldKafka(1)
    const writer = writerOf(kafka)
    assert.deepEqual(await writer.stage(0), { records: 0, ...STAGED_NOTHING })
    await writer.abort()
    assert.equal(writer.isBusy, false)
    assert.equal(kafka.open, 0)
  })

  it('keeps records that come before the topic is known, in their order', async () => {
    const kafka = new HeldKafka(1)
    const known = Promise.withResolvers<void>()
    kafka.described = known.promise
    const writer = writerOf(kafka)
    write(writer, 0, 2)
    write(writer, 2, 2)
    assert.equal(writer.isBusy, true)
    const staging = writer.stage(0)
    await turn()
    known.resolve()
    await writer.ready()
    assert.deepEqual(
      kafka.sent.flatMap(({ values }) => idsOf(values)),
      [0, 1, 2, 3],
    )
    await kafka.acknowledgeAll()
    assert.equal((await staging).records, 4)
  })

  it('is busy while 4 MiB wait, and takes no more memory than that and what it is given', async () => {
    const kafka = new HeldKafka(2)
    const writer = await begun(kafka, { key: 'id' })
    let written = 1
    while (!writer.isBusy) written += write(writer, written, 1_000)
    await turn()
    assert.ok(kafka.sent.every(({ sizeBytes }) => sizeBytes <= 600_000))
    const ready = writer.ready()
    await kafka.acknowledgeAll()
    await ready
    assert.equal(writer.isBusy, false)
    assert.equal((await writer.stage(0)).records, written)
  })

  it('puts a key where the sink that is exactly once puts it: into the same partition always', async () => {
    const kafka = new HeldKafka(3)
    const writer = await begun(kafka, { key: 'id' })
    const placeOf = new Map<number, number>()
    for (let round = 0; round < 3; round++) {
      write(writer, 0, 50)
      await turn()
      for (const { partition, values } of kafka.sent)
        for (const id of idsOf(values)) {
          assert.equal(placeOf.get(id) ?? partition, partition)
          placeOf.set(id, partition)
        }
      await kafka.acknowledgeAll()
    }
    assert.deepEqual(new Set(placeOf.values()), new Set([0, 1, 2]))
  })

  it('refuses what JSON cannot say, and does not count it', async () => {
    const kafka = new HeldKafka(1)
    const measured = contract('measured', { id: string(), value: float64() }).schema
    const refused: string[] = []
    const writer = writerOf(kafka, { schema: measured, reject: ({ code }) => refused.push(code) })
    const columns = measured.fields.map((field) => {
      const builder = new ColumnBuilder(field.type)
      for (const value of field.name === 'id' ? ['a', 'b', 'c'] : [1, Number.NaN, 2]) appendValue(builder, value)
      return builder.finish()
    })
    const system = {
      eventTimes: new Float64Array(3),
      splits: new Int32Array(3),
      offsets: new Float64Array(3),
      keys: null,
    }
    assert.equal(writer.write(new Batch({ schema: measured, columns, rows: 3, selection: null, system })), 2)
    await writer.ready()
    await kafka.acknowledgeAll()
    assert.equal((await writer.stage(0)).records, 2)
    assert.deepEqual(refused, ['MR_RECORD_RANGE'])
  })
})

describe('a sink that sends records as they come, when things go wrong,', () => {
  it('tells whoever waits why a batch was refused', async () => {
    const kafka = new HeldKafka(1)
    const writer = await begun(kafka)
    write(writer, 1, 1)
    const staging = writer.stage(0)
    await turn()
    kafka.sent[0]!.refuse(new MillraceError('MR_KAFKA_RECORD_TOO_LARGE', 'Kafka: too large'))
    await assert.rejects(staging, { code: 'MR_KAFKA_RECORD_TOO_LARGE' })
    assert.equal(writer.isBusy, true)
    await assert.rejects(writer.ready(), { code: 'MR_KAFKA_RECORD_TOO_LARGE' })
  })

  it('gives up what waits when it is aborted, closes its client, and can begin anew', async () => {
    const kafka = new HeldKafka(1)
    const writer = await begun(kafka)
    write(writer, 1, 5)
    const staging = assert.rejects(writer.stage(0), { code: 'MR_KAFKA_UNREACHABLE' })
    await writer.abort()
    await writer.abort()
    await staging
    assert.equal(kafka.open, 0)
    kafka.sent.length = 0
    write(writer, 7, 1)
    await writer.ready()
    await turn()
    assert.deepEqual(
      kafka.sent.map(({ values }) => idsOf(values)),
      [[7]],
    )
    await kafka.acknowledgeAll()
    assert.equal((await writer.stage(1)).records, 1)
    await writer.abort()
    assert.equal(kafka.open, 0)
  })

  it('uses partitions that were added, from the next epoch on', async () => {
    const kafka = new HeldKafka(1)
    const writer = await begun(kafka, { key: 'id' })
    kafka.partitions = 4
    await writer.stage(0)
    write(writer, 0, 40)
    await turn()
    assert.deepEqual(new Set(kafka.sent.map(({ partition }) => partition)), new Set([0, 1, 2, 3]))
  })

  it('stops where the topic was created anew under it: what was acknowledged is gone', async () => {
    const kafka = new HeldKafka(1)
    const writer = await begun(kafka)
    kafka.id = 'id-2'
    await assert.rejects(writer.stage(0), { code: 'MR_SINK_REPLACED', message: /id-2/ })
  })
})
