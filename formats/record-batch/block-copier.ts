// hot path
import { dataViewOf } from './layout.ts'

/** Copies up to this many bytes go word by word; longer ones pay for a call into the engine. */
const SHORT_COPY_BYTES = 64

/** What a short copy moves at once; it may write that much past its end, but never past the buffer. */
const STRIDE_BYTES = 16

/** The two moves of the LZ77 family, from an input and within an output. Callers have checked all ranges. */
export class BlockCopier {
  readonly input: Uint8Array
  readonly output: Uint8Array
  readonly #inputView: DataView
  readonly #outputView: DataView
  readonly #lastInput: number
  readonly #lastOutput: number

  constructor(input: Uint8Array, output: Uint8Array) {
    this.input = input
    this.output = output
    this.#inputView = dataViewOf(input)
    this.#outputView = dataViewOf(output)
    this.#lastInput = input.length - STRIDE_BYTES
    this.#lastOutput = output.length - STRIDE_BYTES
  }

  /** Copies `length` bytes at `from` of the input to `to` of the output. */
  literals(from: number, to: number, length: number): void {
    if (length > SHORT_COPY_BYTES || from + length > this.#lastInput || to + length > this.#lastOutput) {
      this.#farLiterals(from, to, length)
      return
    }
    const input = this.#inputView
    const output = this.#outputView
    for (let done = 0; done < length; done += STRIDE_BYTES) {
      output.setInt32(to + done, input.getInt32(from + done, true), true)
      output.setInt32(to + done + 4, input.getInt32(from + done + 4, true), true)
      output.setInt32(to + done + 8, input.getInt32(from + done + 8, true), true)
      output.setInt32(to + done + 12, input.getInt32(from + done + 12, true), true)
    }
  }

  /** Repeats at `to` the `length` bytes that begin `distance` before it; they may overlap what is being written. */
  match(to: number, distance: number, length: number): void {
    const from = to - distance
    if (distance < 4 || length > SHORT_COPY_BYTES || to + length > this.#lastOutput) {
      this.#farMatch(to, distance, length)
      return
    }
    const view = this.#outputView
    for (let done = 0; done < length; done += STRIDE_BYTES) {
      view.setInt32(to + done, view.getInt32(from + done, true), true)
      view.setInt32(to + done + 4, view.getInt32(from + done + 4, true), true)
      view.setInt32(to + done + 8, view.getInt32(from + done + 8, true), true)
      view.setInt32(to + done + 12, view.getInt32(from + done + 12, true), true)
    }
  }

  #farLiterals(from: number, to: number, length: number): void {
    this.output.set(this.input.subarray(from, from + length), to)
  }

  #farMatch(to: number, distance: number, length: number): void {
    const bytes = this.output
    const from = to - distance
    if (distance >= length) bytes.copyWithin(to, from, from + length)
    else if (distance === 1) bytes.fill(bytes[from]!, to, to + length)
    else for (let i = 0; i < length; i++) bytes[to + i] = bytes[from + i]!
  }
}
