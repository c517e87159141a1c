import { createHash } from 'node:crypto'
import { ChunkFeed } from '../../connectors/kafka/client/chunk-feed.ts'
import { EncodedBatches } from '../../connectors/kafka/client/encoded-chunk.ts'
import type { FetchedBatches, FetchedPartition, FetchRequest } from '../../connectors/kafka/client/fetch-link.ts'
import { fetchCall } from '../../connectors/kafka/kafkajs/raw-calls.ts'
import { translatingKafkajs } from '../../connectors/kafka/kafkajs/translate-error.ts'
import { fetchApi } from '../../connectors/kafka/platformatic/fetch-api.ts'
import { Translator } from '../../connectors/kafka/platformatic/translator.ts'
import { KafkaSplitReader } from '../../connectors/kafka/source/split-reader.ts'
import { contract, integer, optional, string } from '../../core/index.ts'
import type { ErrorCode } from '../../core/model/error-codes.ts'
import { MemoryPool } from '../../core/model/memory-pool.ts'
import { decodeRecordBatch, frameAt, type RecordBatchView } from '../../formats/record-batch/decode.ts'
import { AT, MOST_INFLATED_BYTES as MOST_FETCHED_BYTES } from '../../formats/record-batch/layout.ts'
import { TransactionFilter } from '../../formats/record-batch/transaction-filter.ts'
import { fedConnection } from '../connectors/kafka/fed-connection.ts'
import { FIRST_OFFSET, type HostileInput } from './hostile-inputs.ts'
import { checkRecords, checkSame, checkView } from './judge-view.ts'
import { MOST_INFLATED_BYTES, samples } from './samples.ts'
import { must, type Outcome, refusalOf } from './violation.ts'

const LIMITS = { maxInflatedBytes: MOST_INFLATED_BYTES }
const PLACE = { topic: 'events', partition: 0 }
/** One batch in four, chosen by a byte of its CRC, is compared with what others read: that costs more than all the rest. */
const COMPARED = 3
const FETCH_VERSION = 13
const REQUEST: FetchRequest = { maxWaitMs: 0, maxBytes: 1, isCommittedOnly: true, topics: [] }
const RESPONSE_CODES: readonly ErrorCode[] = ['MR_KAFKA_PROTOCOL', 'MR_KAFKA_UNREACHABLE']
const CONNECTION = { brokers: ['localhost:9092'], tls: undefined, sasl: undefined }
const ATTEMPT = { what: 'fetch' }
const ABORTED = [
  { producerId: 4711n, firstOffset: 41 },
  { producerId: 12n, firstOffset: 3 },
]
const VALUE = contract('value', { id: integer(), note: optional(string()) })
const MOST_VALUE_BYTES = 600

/** Gives hostile bytes to what would read them and judges what it makes of them. */
export class Judge {
  readonly #decode: typeof decodeRecordBatch
  /** Batches that nobody damaged, from the CRC on. */
  readonly #intact: ReadonlySet<string>
  /** Memory that serves again and again; nobody reads what is there. */
  readonly #spare: RecordBatchView
  readonly #memory = new MemoryPool(1_048_576)
  readonly #triedByKafkajs = translatingKafkajs(CONNECTION, undefined)
  readonly #triedByPlatformatic = new Translator(CONNECTION).tried

  /** The tests give another decoder, which is wrong. */
  constructor(decode = decodeRecordBatch) {
    const all = samples()
    this.#decode = decode
    this.#intact = new Set(all.map(({ batch }) => textFromCrc(batch, batch.length)))
    const large = all
      .filter(({ codec, isRare }) => codec === 'lz4' && !isRare)
      .map(({ batch }) => decodeRecordBatch(batch, 0, LIMITS))
    this.#spare = large.toSorted((a, b) => b.buffer.length - a.buffer.length)[0]!
  }

  /** Throws a {@link Violation} where anything else happens than that records come of it, or one of the documented codes. */
  async judge(input: HostileInput): Promise<Outcome> {
    const { level, bytes } = input
    switch (level) {
      case 'batch':
        return this.#batch(input)
      case 'chunk':
        return walk(new EncodedBatches(bytes, () => undefined))
      case 'reader':
        return readPartition(bytes)
      case 'platformatic':
        return this.#platformatic(bytes)
      case 'kafkajs':
        return response(() =>
          this.#triedByKafkajs(ATTEMPT, () => fetchCall(REQUEST).response.decode(Buffer.from(bytes))),
        )
      default:
        return unknownLevel(level)
    }
  }

  /** Lets everything take the memory that it keeps for good, so that later only what an input takes is seen. */
  async warmUp(): Promise<void> {
    for (const { batch, codec } of samples()) {
      for (const level of ['batch', 'chunk', 'reader'] as const)
        await this.judge({ level, codec, mutation: 'intact', isMended: true, bytes: batch })
    }
  }

  #batch({ bytes, isMended }: HostileInput): Outcome {
    let view: RecordBatchView
    let end: number | undefined
    try {
      end = frameAt(bytes, 0)?.end
      view = this.#decode(bytes, 0, LIMITS)
    } catch (error) {
      return refusalOf(error)
    }
    must(end !== undefined && end <= bytes.length, 'it was decoded, but no frame was found')
    must(isMended || this.#intact.has(textFromCrc(bytes, end)), 'it was damaged and nobody noticed')
    checkView(view, Math.max(LIMITS.maxInflatedBytes, bytes.length))
    checkSame(view, this.#decode(bytes, 0, { ...LIMITS, reuse: this.#spare }))
    if ((bytes[AT.crc]! & COMPARED) === 0) checkRecords(view, bytes)
    return 'decoded'
  }

  #platformatic(bytes: Uint8Array): Promise<Outcome> {
    const memory = this.#memory
    return response(async () => {
      const { partitions } = await this.#triedByPlatformatic(ATTEMPT, () =>
        fetchApi(FETCH_VERSION, memory).async(fedConnection(bytes), REQUEST),
      )
      return partitions.map(({ records, ...partition }) => ({
        ...partition,
        batches: records.length === 0 ? undefined : new EncodedBatches(records, () => memory.give(records.buffer)),
      }))
    })
  }
}

/** The batches of a fetch, one by one, as the reader of a partition takes them. */
function walk(batches: FetchedBatches): Outcome {
  let next = FIRST_OFFSET
  let count = 0
  const chunk = batches.open({ place: PLACE, offset: FIRST_OFFSET, filter: new TransactionFilter(ABORTED) })
  try {
    for (let view = chunk.next(undefined); view !== undefined; view = chunk.next(view)) {
      must(view.nextOffset > next, 'offsets go back')
      checkView(view, MOST_FETCHED_BYTES)
      next = view.nextOffset
      count++
    }
  } catch (error) {
    return refusalOf(error)
  }
  const end = batches.end()
  must(end?.offset === (count === 0 ? undefined : next), 'the end is told as another than it is')
  return 'decoded'
}

async function readPartition(bytes: Uint8Array): Promise<Outcome> {
  const feed = new ChunkFeed({ onRoom: () => undefined, onClose: () => undefined, onDamage: () => false })
  const filter = new TransactionFilter(ABORTED)
  feed.push(new EncodedBatches(bytes, () => undefined).open({ place: PLACE, offset: FIRST_OFFSET, filter }))
  const reader = new KafkaSplitReader(
    feed,
    { offset: FIRST_OFFSET, incarnation: '' },
    {
      split: { ...PLACE, id: 'events-0' },
      splitIndex: 0,
      contract: VALUE,
      maxValueBytes: MOST_VALUE_BYTES,
      sha256: (value) => createHash('sha256').update(value).digest('hex'),
    },
  )
  try {
    for (let before = -1, caughtUp = false; !caughtUp; ) {
      const polled = await reader.poll(undefined)
      const { batch, rejected, tombstones, consumed, next } = polled
      must((batch?.rows ?? 0) + rejected.length + tombstones === consumed, 'records are not accounted for')
      must(next.offset > before || polled.caughtUp, 'the reader does not get on')
      before = next.offset
      caughtUp = polled.caughtUp
    }
  } catch (error) {
    return refusalOf(error)
  }
  return 'decoded'
}

/** A response is refused as a whole, or each of its partitions is walked. */
async function response(parse: () => Promise<readonly FetchedPartition[]>): Promise<Outcome> {
  let partitions: readonly FetchedPartition[]
  try {
    partitions = await parse()
  } catch (error) {
    return refusalOf(error, RESPONSE_CODES)
  }
  const outcomes = partitions.map(({ batches }) => (batches === undefined ? 'decoded' : walk(batches)))
  return outcomes.find((outcome) => outcome !== 'decoded') ?? 'decoded'
}

function textFromCrc(batch: Uint8Array, end: number): string {
  return Buffer.from(batch.buffer, batch.byteOffset, end).toString('latin1', AT.crc)
}

function unknownLevel(level: never): never {
  throw new Error(`${String(level)} is no level`)
}
