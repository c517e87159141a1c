import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OpenLoopSender } from '../../../benchmarks/latency/open-loop-sender.ts'
import { numberAt, OrderStream } from '../../../benchmarks/latency/order-stream.ts'
import { Schedule } from '../../../benchmarks/latency/schedule.ts'
import { decodeRecordBatch } from '../../../formats/record-batch/decode.ts'

const RATE = 1_000
const LIMITS = { maxInflatedBytes: 1_048_576 }

/** A producer whose answers come when the test says so, and a clock that the test moves. */
class Bench {
  readonly schedule = new Schedule({ ratePerSecond: RATE, seconds: 1, nowMs: 0, epochNowMs: 1_700_000_000_000 })
  readonly sent: number[][] = []
  #now = 0
  #run: (() => void) | undefined
  #answers: (() => void)[] = []
  readonly sender = new OpenLoopSender({
    producer: {
      append: (_, batch) => {
        const view = decodeRecordBatch(batch, 0, LIMITS)
        this.sent.push(Array.from({ length: view.count }, (_, i) => numberAt(view.buffer, view.valueStarts[i]!)))
        return new Promise((resolve) => this.#answers.push(resolve))
      },
    },
    topic: 'orders',
    partitions: 4,
    stream: new OrderStream(),
    schedule: this.schedule,
    clock: {
      now: () => this.#now,
      soon: (run) => {
        this.#run = run
      },
    },
  })

  /** Moves the clock to so many ms after the begin and lets the sender look. */
  at(ms: number): void {
    this.#now = this.schedule.beginMs + ms
    this.#run?.()
  }

  async answer(): Promise<void> {
    for (const resolve of this.#answers.splice(0)) resolve()
    await Promise.resolve()
  }

  get numbers(): readonly number[] {
    return this.sent.flat().sort((a, b) => a - b)
  }
}

describe('the sender of the latency benchmark', () => {
  it('sends what is due, and nothing before', async () => {
    const bench = new Bench()
    const run = bench.sender.run()
    bench.at(-1)
    assert.deepEqual(bench.numbers, [])
    bench.at(0)
    assert.deepEqual(bench.numbers, [0])
    await bench.answer()
    bench.at(4.5)
    assert.deepEqual(bench.numbers, [0, 1, 2, 3, 4])
    bench.schedule.measureAfter(0, bench.schedule.beginMs)
    await finish(bench, run)
    assert.deepEqual(
      bench.numbers,
      Array.from({ length: 2 * RATE }, (_, number) => number),
    )
  })

  it('counts how late records are while answers keep it waiting, and leaves none of them out', async () => {
    const bench = new Bench()
    const run = bench.sender.run()
    bench.schedule.measureAfter(0, bench.schedule.beginMs)
    bench.at(100)
    assert.equal(bench.sender.lag.figures().samples, 101)
    // No partition has answered: nothing more may go out, but the schedule goes on.
    bench.at(300)
    assert.equal(bench.sender.lag.figures().samples, 101)
    await bench.answer()
    assert.equal(bench.sender.lag.figures().samples, 301)
    assert.ok(bench.sender.lag.figures().p50 > 70)
    assert.ok(bench.sender.lag.figures().max > 195)
    await finish(bench, run)
    assert.equal(bench.sender.lag.figures().samples, RATE)
  })
})

/** Up to the end of the second behind the measured one. */
async function finish(bench: Bench, run: Promise<void>): Promise<void> {
  bench.at(2_000)
  await bench.answer()
  await bench.answer()
  bench.at(2_001)
  await run
}
