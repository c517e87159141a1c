import { crc32c } from '../../core/model/crc32c.ts'
import { MillraceError } from '../../core/model/errors.ts'
import { freeMemory } from '../../core/model/free-memory.ts'
import { type FileStore, makeDurableDirectory, parentOf } from '../../core/ports/file-store.ts'

/**
 * An outbox segment is a sequence of frames, numbers big-endian: u32 bytes of the rest, u32 CRC-32C of the rest, then
 * u16 bytes of the topic's name, the name, u32 partition, u32 number of records, one record batch v2 with base offset 0.
 */
const HEAD_BYTES = 8
const CHUNK_BYTES = 1_048_576

/** One record batch on its way to a partition. */
export interface OutboxFrame {
  readonly topic: string
  readonly partition: number
  readonly count: number
  /** Valid until the next frame is asked for. */
  readonly batch: Uint8Array
}

/** What proves that a segment is the one that was staged; plain data, part of the intent. */
export interface SegmentSummary {
  /** Relative to the outbox directory. */
  readonly name: string
  readonly sizeBytes: number
  readonly records: number
  /** CRC over the CRCs of the frames, in order. */
  readonly crc: number
}

/** Writes one outbox segment under a temporary name, then gives it its own. One owner. */
export class OutboxSegmentWriter {
  readonly #files: FileStore
  readonly #temporary: string
  #sizeBytes = 0
  #records = 0
  #crc = 0

  constructor(files: FileStore, temporary: string) {
    this.#files = files
    this.#temporary = temporary
  }

  get records(): number {
    return this.#records
  }

  async append(frame: OutboxFrame): Promise<void> {
    const bytes = encodeFrame(frame)
    if (this.#sizeBytes === 0) {
      await makeDurableDirectory(this.#files, parentOf(this.#temporary))
      await this.#files.write(this.#temporary, bytes)
    } else await this.#files.append(this.#temporary, bytes)
    this.#crc = chained(this.#crc, new DataView(bytes.buffer).getUint32(4))
    this.#sizeBytes += bytes.length
    this.#records += frame.count
    freeMemory(bytes)
  }

  /** Makes the segment durable under `name`. */
  async finish(outbox: string, name: string): Promise<SegmentSummary> {
    const path = `${outbox}/${name}`
    await this.#files.sync(this.#temporary)
    await this.#files.rename(this.#temporary, path)
    await this.#files.syncDirectory(parentOf(path))
    await this.#files.syncDirectory(outbox)
    return { name, sizeBytes: this.#sizeBytes, records: this.#records, crc: this.#crc }
  }

  async discard(): Promise<void> {
    if (this.#sizeBytes > 0) await this.#files.remove(this.#temporary)
  }
}

/** The frames of a segment. Throws `MR_STAGED_MISSING` where it is gone or is not what was staged. */
export async function* outboxFrames(
  files: FileStore,
  outbox: string,
  summary: SegmentSummary,
): AsyncGenerator<OutboxFrame, void> {
  const path = `${outbox}/${summary.name}`
  const size = await files.size(path)
  if (size !== summary.sizeBytes)
    throw missing(path, `it should have ${summary.sizeBytes} bytes, not ${size ?? 'be gone'}`)
  const memory = new Uint8Array(Math.min(CHUNK_BYTES, size))
  let crc = 0
  let position = 0
  while (position < size) {
    let at = 0
    const chunk = await readChunk(files, path, { position, size, into: memory })
    for (let end = frameEnd(chunk, at); end <= chunk.length; end = frameEnd(chunk, at)) {
      const stored = viewOf(chunk).getUint32(at + 4)
      const body = chunk.subarray(at + HEAD_BYTES, end)
      if (crc32c(body) !== stored) throw missing(path, `a frame at byte ${position + at} is damaged`)
      crc = chained(crc, stored)
      yield decodeBody(body)
      at = end
    }
    if (at === 0) throw missing(path, `a frame at byte ${position} is cut off`)
    position += at
    if (chunk.buffer !== memory.buffer) freeMemory(chunk)
  }
  freeMemory(memory)
  if (crc !== summary.crc) throw missing(path, 'it is another one')
}

async function readChunk(
  files: FileStore,
  path: string,
  from: { readonly position: number; readonly size: number; readonly into: Uint8Array },
): Promise<Uint8Array> {
  const left = from.size - from.position
  const length = Math.min(from.into.length, left)
  const chunk = await files.read(path, { offset: from.position, length, into: from.into })
  const needed = frameEnd(chunk, 0)
  if (needed <= chunk.length || needed > left) return chunk
  return files.read(path, { offset: from.position, length: needed })
}

/** Where the frame at `at` ends; beyond everything where not even its head is there. */
function frameEnd(bytes: Uint8Array, at: number): number {
  if (at + HEAD_BYTES > bytes.length) return Number.POSITIVE_INFINITY
  return at + HEAD_BYTES + viewOf(bytes).getUint32(at)
}

function encodeFrame(frame: OutboxFrame): Uint8Array<ArrayBuffer> {
  const topic = new TextEncoder().encode(frame.topic)
  const bytes = new Uint8Array(HEAD_BYTES + 2 + topic.length + 8 + frame.batch.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.length - HEAD_BYTES)
  view.setUint16(HEAD_BYTES, topic.length)
  bytes.set(topic, HEAD_BYTES + 2)
  const at = HEAD_BYTES + 2 + topic.length
  view.setUint32(at, frame.partition)
  view.setUint32(at + 4, frame.count)
  bytes.set(frame.batch, at + 8)
  view.setUint32(4, crc32c(bytes.subarray(HEAD_BYTES)))
  return bytes
}

function decodeBody(body: Uint8Array): OutboxFrame {
  const view = viewOf(body)
  const at = 2 + view.getUint16(0)
  const topic = new TextDecoder().decode(body.subarray(2, at))
  return { topic, partition: view.getUint32(at), count: view.getUint32(at + 4), batch: body.subarray(at + 8) }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function chained(crc: number, next: number): number {
  const pair = new Uint8Array(8)
  const view = new DataView(pair.buffer)
  view.setUint32(0, crc)
  view.setUint32(4, next)
  return crc32c(pair)
}

function missing(path: string, why: string): MillraceError {
  const message = `outbox segment ${path}: ${why}; abandon the epoch to replay it`
  return new MillraceError('MR_STAGED_MISSING', message, { details: { path } })
}
