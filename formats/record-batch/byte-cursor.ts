// hot path
import { dataViewOf } from './layout.ts'

/** Copies up to this many bytes go word by word; longer ones pay for a call into the engine. */
const SHORT_COPY_BYTES = 64

/** Bytes that must follow a short copy inside the buffer: words may write past the end of what is copied. */
const WORD_SLACK_BYTES = 8

/** A buffer and a place in it: source or target of an inflater. */
export class ByteCursor {
  readonly bytes: Uint8Array
  readonly view: DataView
  position: number

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes
    this.view = dataViewOf(bytes)
    this.position = position
  }
}

/** Moves `length` bytes from one cursor to the other. The caller has checked that both sides have them. */
export function copyLiterals(source: ByteCursor, target: ByteCursor, length: number): void {
  const from = source.position
  const to = target.position
  source.position = from + length
  target.position = to + length
  const isWordCopySafe =
    from + length + WORD_SLACK_BYTES <= source.bytes.length && to + length + WORD_SLACK_BYTES <= target.bytes.length
  if (length > SHORT_COPY_BYTES || !isWordCopySafe) {
    target.bytes.set(source.bytes.subarray(from, from + length), to)
    return
  }
  const input = source.view
  const output = target.view
  for (let done = 0; done < length; done += 8) {
    output.setInt32(to + done, input.getInt32(from + done, true), true)
    output.setInt32(to + done + 4, input.getInt32(from + done + 4, true), true)
  }
}

/**
 * Repeats `length` bytes that begin `distance` bytes before the cursor; they may overlap what is being written.
 * The caller has checked that the distance stays inside the buffer and that `length` bytes are free.
 */
export function copyMatch(target: ByteCursor, distance: number, length: number): void {
  const { bytes, view } = target
  let to = target.position
  let from = to - distance
  const end = to + length
  target.position = end
  if (distance >= 8 && end + WORD_SLACK_BYTES <= bytes.length && length <= SHORT_COPY_BYTES) {
    for (; to < end; to += 8, from += 8) {
      view.setInt32(to, view.getInt32(from, true), true)
      view.setInt32(to + 4, view.getInt32(from + 4, true), true)
    }
  } else if (distance >= length) {
    bytes.copyWithin(to, from, from + length)
  } else if (distance === 1) {
    bytes.fill(bytes[from]!, to, end)
  } else {
    while (to < end) bytes[to++] = bytes[from++]!
  }
}
