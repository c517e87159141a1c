import type { LogicalPlan } from '../../core/dataflow/logical-plan.ts'
import type { Position } from '../../core/model/position.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Source } from '../../core/ports/source.ts'
import type { SourceSplit } from '../../core/runtime/job/bounds.ts'

/** All splits of a plan, with sources of its own to look where they end. */
export class SplitEnds {
  readonly #sources: readonly Source[]
  #splits: readonly SourceSplit[]

  private constructor(sources: readonly Source[], splits: readonly SourceSplit[]) {
    this.#sources = sources
    this.#splits = splits
  }

  /** Throws what a source says that cannot be reached, such as `MR_LOG_TOPIC_UNKNOWN`. */
  static async open(plan: LogicalPlan, ports: ConnectorPorts): Promise<SplitEnds> {
    const sources = [...plan.specs.sources.values()].map((spec) => spec.open(ports))
    try {
      return new SplitEnds(sources, await splitsOf(sources))
    } catch (error) {
      // What a source has connected to would keep the process alive.
      for (const source of sources) await source.close()
      throw error
    }
  }

  get splits(): readonly SourceSplit[] {
    return this.#splits
  }

  /** Takes in splits that appeared. Never rejects: where they cannot be listed, it says so and keeps those that it knows. */
  async refresh(logger: Logger): Promise<void> {
    try {
      this.#splits = await splitsOf(this.#sources)
    } catch (error) {
      logger.warn('splits cannot be listed for the progress of the job', { message: String(error) })
    }
  }

  /** The end of each split now. */
  async read(): Promise<ReadonlyMap<string, number>> {
    const ends = new Map<string, number>()
    for (const { source, split } of this.#splits) ends.set(split.id, (await source.endPosition(split)).offset)
    return ends
  }

  /** Where each split begins that no checkpoint knows. */
  async starts(): Promise<Readonly<Record<string, Position>>> {
    const starts: Record<string, Position> = {}
    for (const { source, split } of this.#splits) starts[split.id] = await source.startPosition(split)
    return starts
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close()
  }
}

async function splitsOf(sources: readonly Source[]): Promise<readonly SourceSplit[]> {
  const splits: SourceSplit[] = []
  for (const source of sources) for (const split of await source.splits()) splits.push({ source, split })
  return splits
}
