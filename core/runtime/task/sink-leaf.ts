import type { RecordWriter } from '../../ports/sink.ts'
import type { Leaf } from './chain.ts'
import type { Element } from './element.ts'
import type { TaskCounts } from './task-counts.ts'

/** The writer of one sink at the end of a chain. Barriers are staged by the task, which also waits for them. */
export class SinkLeaf implements Leaf {
  readonly sink: string
  readonly writer: RecordWriter
  readonly #counts: TaskCounts

  constructor(sink: string, writer: RecordWriter, counts: TaskCounts) {
    this.sink = sink
    this.writer = writer
    this.#counts = counts
  }

  take(element: Element): void {
    if (element.kind !== 'batch') return
    this.#counts.sink(this.sink).in += element.count
    this.writer.write(element)
  }
}
