// hot path
import { growTo, type KernelMemory, newInstance } from '../../../core/model/kernel-instance.ts'
import { KERNEL_WASM } from './kernel.wasm.ts'

/** Copies may pass the end of input and output by less than this. */
const SLACK_BYTES = 64
/** The compiled code keeps nothing below. */
const INPUT_AT = 1_024

/** Frames and outputs above this go another way: the memory of the kernel is never given back. */
export const MOST_KERNEL_BYTES = 2_097_152

const OUTPUT_AT = INPUT_AT + MOST_KERNEL_BYTES + SLACK_BYTES

/** What assembly/inflate-lz4.ts exports. */
interface Exports {
  readonly memory: KernelMemory
  setOutput(end: number, limit: number, floor: number): void
  inflateBlock(from: number, end: number): number
}

/** The instance of this thread: it keeps nothing from frame to frame. */
let exports: Exports | undefined

/** Inflates the blocks of one LZ4 frame by WebAssembly, one after the other into one output. Nothing that it is given traps. */
export class Lz4Kernel {
  readonly #exports: Exports
  readonly #limit: number
  #end = OUTPUT_AT

  /** Takes a frame of at most {@link MOST_KERNEL_BYTES}; the output may have `maxBytes`, and as many at most. */
  constructor(frame: Uint8Array, maxBytes: number) {
    exports ??= newExports()
    this.#exports = exports
    this.#limit = OUTPUT_AT + Math.min(maxBytes, MOST_KERNEL_BYTES)
    new Uint8Array(exports.memory.buffer, INPUT_AT, frame.length).set(frame)
  }

  /** Bytes inflated so far. */
  get sizeBytes(): number {
    return this.#end - OUTPUT_AT
  }

  /** The block at `[start, end)` of the frame; `isIndependent`: it repeats nothing of those before. False where it is damaged or too large. */
  inflate(start: number, end: number, isIndependent: boolean): boolean {
    this.#exports.setOutput(this.#end, this.#limit, isIndependent ? this.#end : OUTPUT_AT)
    const reached = this.#exports.inflateBlock(INPUT_AT + start, INPUT_AT + end)
    if (reached < 0) return false
    this.#end = reached
    return true
  }

  /** The same for a block that is stored as it is. */
  copy(start: number, end: number): boolean {
    if (end - start > this.#limit - this.#end) return false
    const memory = new Uint8Array(this.#exports.memory.buffer)
    memory.copyWithin(this.#end, INPUT_AT + start, INPUT_AT + end)
    this.#end += end - start
    return true
  }

  /** A copy of the output, in `memory` if it is large enough. */
  output(memory: ArrayBufferLike | undefined): Uint8Array {
    const size = this.sizeBytes
    const output =
      memory !== undefined && memory.byteLength >= size ? new Uint8Array(memory, 0, size) : new Uint8Array(size)
    output.set(new Uint8Array(this.#exports.memory.buffer, OUTPUT_AT, size))
    return output
  }
}

function newExports(): Exports {
  const instance = newInstance<Exports>(KERNEL_WASM)
  growTo(instance.memory, OUTPUT_AT + MOST_KERNEL_BYTES + SLACK_BYTES)
  return instance
}
