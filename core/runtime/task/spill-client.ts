import { freeShared } from '../../model/free-memory.ts'
import type { SpillChange } from '../../ports/spill.ts'
import type { HostEvent, SpillAnswer } from '../host-messages.ts'

/** More bytes on their way to disk than this, and the tasks wait. */
const MOST_BYTES_UNDER_WAY = 16 << 20

export interface SpillClientOptions {
  /** To the main thread, which keeps the spilled pages. Messages arrive in order. */
  readonly send: (event: HostEvent, transfer: readonly ArrayBuffer[]) => void
  /** Called when writes that held the tasks up are done. */
  readonly onReady: () => void
}

/** The way of one worker to the pages outside memory: what is asked for later sees what was written earlier. */
export class SpillClient {
  readonly #options: SpillClientOptions
  readonly #reads = new Map<number, (pages: readonly Uint8Array[]) => void>()
  #requests = 0
  #bytesUnderWay = 0

  constructor(options: SpillClientOptions) {
    this.#options = options
  }

  /** So much is on its way to disk that nothing more should come. */
  get isBusy(): boolean {
    return this.#bytesUnderWay > MOST_BYTES_UNDER_WAY
  }

  /** Nothing is on its way to disk. */
  get isIdle(): boolean {
    return this.#bytesUnderWay === 0
  }

  /** Hands over the bytes of the pages. */
  write(change: SpillChange): void {
    const { write, forget } = change
    if (write.length === 0 && forget.length === 0) return
    this.#bytesUnderWay += bytesOf(change)
    // Pages are views on memory that was made for them.
    const transfer = [...new Set(write.map(({ bytes }) => bytes.buffer))] as ArrayBuffer[]
    this.#options.send({ kind: 'spill', change }, transfer)
  }

  /** `then` gets the pages in the order of their names, lent until it returns. */
  read(names: readonly string[], then: (pages: readonly Uint8Array[]) => void): void {
    const request = this.#requests++
    this.#reads.set(request, then)
    this.#options.send({ kind: 'read', request, names }, [])
  }

  receive(answer: SpillAnswer): void {
    if (answer.kind === 'spilled') {
      const wasBusy = this.isBusy
      this.#bytesUnderWay -= answer.bytes
      if ((wasBusy && !this.isBusy) || this.isIdle) this.#options.onReady()
      return
    }
    const then = this.#reads.get(answer.request)
    this.#reads.delete(answer.request)
    then?.(answer.pages)
    freeShared(answer.pages)
  }
}

/** What the main thread says is written, in the same measure on both sides. */
export function bytesOf({ write }: SpillChange): number {
  return write.reduce((sum, { bytes }) => sum + bytes.length, 0)
}
