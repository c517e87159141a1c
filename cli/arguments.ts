import { InvalidArgumentError } from 'commander'
import { type ByteSize, sizeBytes } from '../core/model/byte-size.ts'
import { type Duration, durationMs } from '../core/model/duration.ts'
import type { ResolvedStart } from '../core/model/source-start.ts'
import { timeMs } from '../core/model/time.ts'

/** A whole number from 1 on. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count > 0 && Number.isSafeInteger(count)) return count
  throw new InvalidArgumentError('It is a whole number from 1 on.')
}

/** A whole number from 0 on. */
export function parseIndex(text: string): number {
  const index = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(index)) return index
  throw new InvalidArgumentError('It is a whole number from 0 on.')
}

/** A length of time above 0, such as `500ms` or `30s`. */
export function parseDuration(text: string): Duration {
  try {
    // durationMs refuses whatever is no duration.
    const duration = text as Duration
    if (durationMs('', duration) > 0) return duration
  } catch {
    throw new InvalidArgumentError('Write for example 500ms, 30s, 5m.')
  }
  throw new InvalidArgumentError('It must be longer than 0.')
}

/** A number of bytes above 0, written as one or such as `512MiB` or `2GiB`. */
export function parseSize(text: string): number {
  try {
    // sizeBytes refuses whatever is no size.
    return sizeBytes('', /^\d+$/.test(text) ? Number(text) : (text as ByteSize))
  } catch {
    throw new InvalidArgumentError('Write bytes, or for example 512MiB, 2GiB.')
  }
}

/** Where to begin to read: `earliest`, `latest`, an offset, or a time in RFC 3339. */
export function parseStart(text: string): ResolvedStart {
  if (text === 'earliest' || text === 'latest') return text
  if (/^\d+$/.test(text)) return { offset: parseIndex(text) }
  try {
    return { timestamp: timeMs('', text) }
  } catch {
    throw new InvalidArgumentError('It is earliest, latest, an offset, or a time such as 2026-01-31T12:00:00Z.')
  }
}

/** Epoch ms of a point in time: the same number, or RFC 3339 text. */
export function parseTime(text: string): number {
  try {
    return timeMs('', /^\d+$/.test(text) ? Number(text) : text)
  } catch {
    throw new InvalidArgumentError('Write epoch ms, or for example 2026-01-31T12:00:00Z.')
  }
}

/** Offsets by the id of their split, from text such as `orders-0=1200,orders-1=900`. */
export function parseOffsets(text: string): Readonly<Record<string, number>> {
  const offsets: Record<string, number> = {}
  for (const part of text.split(',')) {
    const match = /^\s*([\w.-]+)=(\d+)\s*$/.exec(part)
    const [, id = '', digits = ''] = match ?? []
    const offset = Number(digits)
    if (match === null || !Number.isSafeInteger(offset)) {
      throw new InvalidArgumentError(
        `"${part}" is no split with its offset. Write for example orders-0=1200,orders-1=900.`,
      )
    }
    if (Object.hasOwn(offsets, id)) throw new InvalidArgumentError(`It names split "${id}" twice.`)
    offsets[id] = offset
  }
  return offsets
}
