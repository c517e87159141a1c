import assert from 'node:assert/strict'
import { CLIENTS } from '../../connectors/kafka/client/open-client.ts'
import { type Isolation, kafka } from '../../connectors/kafka/index.ts'
import { contract, integer, string } from '../../core/model/contract.ts'
import type { DeadLetter } from '../../core/model/dead-letter.ts'
import type { Split } from '../../core/model/position.ts'
import type { Polled, Source } from '../../core/ports/source.ts'
import { BROKERS, type KafkaFixture } from './kafka-fixture.ts'
import { viewsOf } from './read-topic.ts'
import { bytesText, digestText, headerTexts, type SeenRecord, seenRecordsOf } from './seen-record.ts'

/** Values of the Java program that are JSON. */
const numbered = contract('numbered', { n: integer(), text: string() })

interface TopicReading {
  readonly topic: string
  readonly partitions: number
  readonly isolation: Isolation
}

/** Every client of ours and the source over it see exactly these records, in this order within each partition. */
export async function assertReaders(
  fixture: KafkaFixture,
  of: TopicReading,
  expected: readonly SeenRecord[],
): Promise<void> {
  for (const client of CLIENTS) {
    // How much is fetched at once decides where responses begin and end.
    for (const maxWaitingBytes of [8_192, 33_554_432]) {
      const seen: SeenRecord[] = []
      for await (const place of viewsOf(fixture, { ...of, client, maxWaitingBytes }))
        seen.push(...seenRecordsOf(place.view, place))
      assertSame(seen, expected, `${client}, ${of.isolation}, ${maxWaitingBytes} bytes`)
    }
    const source = openSource(fixture, of, client)
    for (const split of await source.splits()) await assertSource(source, { split }, expected)
    await source.close()
  }
}

/** The source gives the same from each of these offsets on. */
export async function assertStarts(
  fixture: KafkaFixture,
  of: TopicReading & { readonly offsets: readonly number[] },
  expected: readonly SeenRecord[],
): Promise<void> {
  for (const client of CLIENTS) {
    const source = openSource(fixture, of, client)
    const [split] = await source.splits()
    for (const from of of.offsets) await assertSource(source, { split: split!, from }, expected)
    await source.close()
  }
}

/** Compares record by record, so that a failure is short. */
export function assertSame(actual: readonly object[], expected: readonly object[], reader: string): void {
  for (let i = 0; i < Math.min(actual.length, expected.length); i++)
    assert.deepEqual(actual[i], expected[i], `${reader}: record ${i}`)
  assert.equal(actual.length, expected.length, reader)
}

function openSource(
  fixture: KafkaFixture,
  { topic, isolation }: TopicReading,
  client: (typeof CLIENTS)[number],
): Source {
  const options = { brokers: BROKERS, topics: [topic], contract: numbered, client, isolation, maxWait: '10ms' } as const
  // Also where a comparison fails before it is closed.
  return fixture.owns(kafka(options).open(fixture.ports()))
}

/** Values become rows or dead letters, nothing is lost of either, and tombstones are counted. */
async function assertSource(
  source: Source,
  { split, from }: { readonly split: Split; readonly from?: number },
  expected: readonly SeenRecord[],
): Promise<void> {
  const position = await source.startPosition(split)
  const start = { ...position, offset: from ?? position.offset }
  const end = await source.endPosition(split)
  const reader = await source.reader(split, start, 0)
  const found: Partial<SeenRecord>[] = []
  let tombstones = 0
  for (let { offset } = start; offset < end.offset; ) {
    const polled = await reader.poll(end.offset)
    found.push(...valuesOf(polled, split.partition))
    tombstones += polled.tombstones
    offset = polled.next.offset
    if (polled.caughtUp && offset < end.offset) await reader.arrival?.()
  }
  await reader.close()
  const ofSplit = expected.filter(({ partition, offset }) => partition === split.partition && offset >= start.offset)
  const values = ofSplit.filter(({ value }) => value !== null)
  // A row does not know everything of its record.
  const wanted = values.map((record, i) => pick(record, found[i] ?? record))
  assertSame(found, wanted, `source, ${split.id} from ${start.offset}`)
  assert.equal(tombstones, ofSplit.length - values.length)
}

function pick(record: SeenRecord, like: object): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name in like))
}

/** Rows and dead letters in the order of the log. */
function valuesOf({ batch, rejected }: Polled, partition: number): readonly Partial<SeenRecord>[] {
  const rows = Array.from({ length: batch?.count ?? 0 }, (_, i) => {
    const { n, text } = batch!.at(i)
    const { offsets, eventTimes } = batch!.system
    const value = bytesText(Buffer.from(`{"n":${n},"text":"${text}"}`))
    return { partition, offset: offsets[i]!, timestamp: eventTimes[i]!, value }
  })
  const refused = rejected.map((letter) => ({
    partition: letter.origin.partition,
    offset: letter.origin.offset,
    timestamp: letter.origin.timestamp,
    key: letter.key === null ? null : bytesText(letter.key),
    value: valueText(letter),
    headers: headerTexts(letter.headers),
  }))
  return [...rows, ...refused].toSorted((a, b) => a.offset - b.offset)
}

function valueText({ value, truncated }: DeadLetter): string | null {
  if (truncated !== undefined) return digestText(truncated.sizeBytes, truncated.sha256)
  return value === null ? null : bytesText(value)
}
