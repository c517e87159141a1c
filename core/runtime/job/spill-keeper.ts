import { MillraceError } from '../../model/errors.ts'
import type { ByteOperation, ByteStore } from '../../ports/byte-store.ts'
import type { SpillChange } from '../../ports/spill.ts'
import type { HostEvent, SpillAnswer } from '../host-messages.ts'
import { bytesOf } from '../task/spill-client.ts'
import type { SpillPlace } from './job-ports.ts'

type SpillEvent = Extract<HostEvent, { readonly kind: 'spill' | 'read' }>

const PAGES_PER_WRITE = 256
const PAGES_PER_READ = 1024

/**
 * Keeps the state that workers moved out of their memory, for the time of one attempt: no recovery looks at it. What a worker asks for
 * is done in its order; workers do not wait for each other. The store is opened when the first page comes.
 */
export class SpillKeeper {
  readonly #place: SpillPlace
  readonly #lanes = new Map<number, Promise<unknown>>()
  #store: Promise<ByteStore> | undefined
  #isClosed = false

  constructor(place: SpillPlace) {
    this.#place = place
  }

  /** Deletes what the attempt before left. */
  async begin(): Promise<void> {
    await this.#place.clear()
  }

  /** Does what a worker asks for, and gives the answer to it; all pages of an answer lie in one piece of memory of their own. */
  async serve(event: SpillEvent, worker: number): Promise<SpillAnswer> {
    if (event.kind === 'read') {
      return { kind: 'pages', request: event.request, pages: await this.#read(worker, event.names) }
    }
    const bytes = bytesOf(event.change)
    await this.#write(worker, event.change)
    return { kind: 'spilled', bytes }
  }

  /** Lets what is under way end, and deletes everything. */
  async close(): Promise<void> {
    this.#isClosed = true
    // Whoever waits for it hears of a failure.
    await Promise.allSettled(this.#lanes.values())
    if (this.#store === undefined) return
    const [opened] = await Promise.allSettled([this.#store])
    if (opened.status === 'rejected') return
    await opened.value.close()
    await this.#place.clear()
  }

  /** Writes pages and deletes others. Nothing is synced: none of it is needed after a crash. */
  #write(worker: number, { write, forget }: SpillChange): Promise<void> {
    return this.#inLane(worker, async (store) => {
      for (let from = 0; from < write.length && !this.#isClosed; from += PAGES_PER_WRITE) {
        const part = write.slice(from, from + PAGES_PER_WRITE)
        await store.write(
          part.map(({ name, bytes }): ByteOperation => ({ kind: 'put', key: name, value: bytes })),
          { sync: false },
        )
      }
      const dead = forget.map((name): ByteOperation => ({ kind: 'delete', key: name }))
      if (dead.length > 0) await store.write(dead, { sync: false })
    })
  }

  /** The pages in the order of their names. Rejects with `MR_SPILL_CORRUPT` where one is missing. */
  #read(worker: number, names: readonly string[]): Promise<readonly Uint8Array[]> {
    return this.#inLane(worker, async (store) => {
      const pages: Uint8Array[] = []
      for (let from = 0; from < names.length && !this.#isClosed; from += PAGES_PER_READ) {
        const part = names.slice(from, from + PAGES_PER_READ)
        const values = await store.getMany(part)
        for (const [index, bytes] of values.entries()) {
          if (bytes === undefined) throw missing(part[index]!)
          pages.push(bytes)
        }
      }
      return joined(pages)
    })
  }

  #inLane<T>(worker: number, work: (store: ByteStore) => Promise<T>): Promise<T> {
    // After whatever came before it, be it done or failed: of a failure the one who asked for it hears.
    const result = Promise.allSettled([this.#lanes.get(worker)]).then(async () => {
      if (this.#isClosed) throw new MillraceError('MR_INTERNAL', 'spilled state was used after the end of its attempt')
      this.#store ??= this.#place.open()
      try {
        return await work(await this.#store)
      } catch (error) {
        throw asSpillError(error)
      }
    })
    this.#lanes.set(worker, result)
    return result
  }
}

/** What goes over with an answer: its pages lie in one piece of memory. */
export function memoryOf(answer: SpillAnswer): readonly ArrayBuffer[] {
  const memory = answer.kind === 'pages' ? answer.pages[0]?.buffer : undefined
  return memory instanceof ArrayBuffer ? [memory] : []
}

/** The same pages in one piece of memory, which goes to another thread as it is. */
function joined(pages: readonly Uint8Array[]): readonly Uint8Array[] {
  const memory = new Uint8Array(pages.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  return pages.map((page) => {
    memory.set(page, end)
    end += page.length
    return memory.subarray(end - page.length, end)
  })
}

function missing(name: string): MillraceError {
  return new MillraceError('MR_SPILL_CORRUPT', `page "${name}" of spilled state is missing`, {
    details: { page: name },
  })
}

/** Damage of this store heals by a restart, other than that of the checkpoint. */
function asSpillError(error: unknown): unknown {
  if (!(error instanceof MillraceError && error.code === 'MR_STATE_CORRUPT')) return error
  return new MillraceError('MR_SPILL_CORRUPT', error.message, { details: error.details, cause: error })
}
