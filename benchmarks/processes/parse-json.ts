// Gives every value of topic `events` to JSON.parse, batch by batch as the log holds them, and tells what that cost
// between the first quarter and the end. Reading and decoding of batches is not counted.
import { PartitionedLog, type Topic } from 'millrace/connectors/log'
import { systemPorts } from 'millrace/platform'

export interface ParseFigures {
  /** Values that count. */
  readonly parsed: number
  readonly cpuMs: number
  /** Values that are no JSON: their exceptions count too. */
  readonly refused: number
}

/** What is under `toString('utf8', …)`, without its checks. */
interface Slicing {
  utf8Slice(start: number, end: number): string
}

type Decoded = ReturnType<Awaited<ReturnType<PartitionedLog['readFrom']>>['decode']>

const WARM_UP_SHARE = 0.25

// Exceptions at their cheapest.
Error.stackTraceLimit = 0
let parsed = 0
let refused = 0
let micros = 0
/** Keeps the work from being found useless. */
let fields = 0

function parseAll(bytes: Slicing, starts: Int32Array, lengths: Int32Array): void {
  for (let i = 0; i < starts.length; i++) {
    const length = lengths[i]!
    if (length < 0) continue
    const start = starts[i]!
    try {
      const value: unknown = JSON.parse(bytes.utf8Slice(start, start + length))
      if (value !== null) fields++
    } catch {
      refused++
    }
  }
}

async function measurePartition(log: PartitionedLog, topic: Topic, partition: number): Promise<void> {
  const { end } = await log.bounds(topic, partition)
  const cursor = await log.readFrom(topic, partition, 0)
  do {
    for (let frame = cursor.take(); frame !== undefined; frame = cursor.take())
      measureBatch(cursor.decode(frame), frame.baseOffset >= WARM_UP_SHARE * end)
  } while (await cursor.fill())
}

function measureBatch({ buffer, valueStarts, valueLengths, count }: Decoded, isCounted: boolean): void {
  // Node's Buffer has this method, its types do not.
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.length) as unknown as Slicing
  const before = process.cpuUsage()
  parseAll(bytes, valueStarts, valueLengths)
  const { user, system } = process.cpuUsage(before)
  if (!isCounted) return
  micros += user + system
  parsed += count
}

const log = new PartitionedLog(systemPorts(), '.millrace/log')
const topic = await log.topic('events')
for (let partition = 0; partition < topic.partitions; partition++) await measurePartition(log, topic, partition)
if (fields === 0) throw new Error('the topic holds no JSON')
const figures: ParseFigures = { parsed, cpuMs: micros / 1000, refused }
console.log(JSON.stringify(figures))
