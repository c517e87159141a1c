import { type KafkaClientChoice, kafka } from '../../connectors/kafka/index.ts'
import type { Batch } from '../../core/model/batch.ts'
import { contract, integer } from '../../core/model/contract.ts'
import type { Position } from '../../core/model/position.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { SplitReader } from '../../core/ports/source.ts'
import { systemClock } from '../../platform/system/system-clock.ts'
import type { KafkaFixture } from './kafka-fixture.ts'

const numberedContract = contract('numbered', { n: integer() })

interface Numbered {
  readonly n: number
}

/** A reader of one partition that keeps what it read. */
export class Reading {
  readonly values: number[] = []
  position: Position
  readonly #reader: SplitReader

  private constructor(reader: SplitReader, position: Position) {
    this.#reader = reader
    this.position = position
  }

  static async open(
    fixture: KafkaFixture,
    of: {
      readonly topic: string
      readonly client: KafkaClientChoice
      readonly clock?: Clock
      readonly from?: Position
    },
  ): Promise<Reading> {
    const { client, topic, clock = systemClock(), from } = of
    const spec = kafka({ brokers: fixture.brokers, client, topics: topic, contract: numberedContract })
    const source = fixture.owns(spec.open({ ...fixture.ports(), clock }))
    const [split] = await source.splits()
    const position = from ?? (await source.startPosition(split!))
    return new Reading(await source.reader(split!, position, 0), position)
  }

  /** Resolves at this offset, or rejects with what stops it. */
  async reached(offset: number): Promise<void> {
    while (this.position.offset < offset) {
      const { batch, next, caughtUp } = await this.#reader.poll(undefined)
      this.position = next
      // The contract says what its records are.
      const numbers = batch as Batch<unknown> | undefined as Batch<Numbered> | undefined
      for (let i = 0; i < (batch?.count ?? 0); i++) this.values.push(numbers!.at(i).n)
      if (caughtUp && next.offset < offset) await this.#reader.arrival?.()
    }
  }
}
