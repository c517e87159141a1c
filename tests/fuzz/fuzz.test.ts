import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FuzzReport, fuzz, judgeAgain, printReport } from './fuzz.ts'
import { replayOf } from './fuzz-lane.ts'
import { HostileInputs } from './hostile-inputs.ts'
import { Judge } from './judge.ts'
import { BUGS } from './wrong-decoder.ts'

const SEED = 1
const INPUTS = 20_000

/** How the fuzzer tells of each bug. */
const TOLD: Readonly<Record<string, RegExp>> = {
  'passes the CRC over': /it was damaged and nobody noticed/,
  'throws what nobody documented': /threw RangeError: offset is outside/,
  'takes memory for what a header claims': /took \d+ bytes of memory/,
  'loses the last record': /it reads other records than the reference decoder/,
  'points outside of the buffer': /places of a record overlap or lie outside/,
  'keeps bytes of the batch before': /other memory, other records/,
  'never comes back': /did not come back within 2000 ms/,
}

function fuzzWrong(bug: string): Promise<FuzzReport> {
  const decoder = new URL(`wrong-decoder.ts?bug=${encodeURIComponent(bug)}`, import.meta.url).href
  return fuzz({ seed: SEED, first: 0, inputs: INPUTS, decoder, mostFindings: 1, deadlineMs: 2_000, threads: 1 })
}

describe('the fuzzer', () => {
  it(`gets records or a documented code out of ${INPUTS} hostile inputs, whatever reads them`, async () => {
    const report = await fuzz({ seed: SEED, first: 0, inputs: INPUTS })
    assert.deepEqual([report.findings, report.voidBecause], [[], []], printReport(report))
  })

  for (const bug of Object.keys(BUGS)) {
    it(`finds a decoder that ${bug}`, async () => {
      const [finding] = (await fuzzWrong(bug)).findings
      assert.match(finding?.what ?? 'nothing was found', TOLD[bug]!)
    })
  }

  it('makes what it found small, and takes it back as text', async () => {
    const [finding] = (await fuzzWrong('throws what nobody documented')).findings
    assert.equal(finding?.replay, 'batch:as-it-is:')
    assert.equal(await judgeAgain({ seed: SEED, replay: finding.replay }), 'MR_RECORD_BATCH_CORRUPT')
  })

  it('makes the same input of the same seed and number', () => {
    const [one, other] = [new HostileInputs(SEED), new HostileInputs(SEED)]
    for (let index = 0; index < 1_000; index++) assert.deepEqual(other.at(index), one.at(index))
    assert.notDeepEqual(new HostileInputs(SEED + 1).at(0), one.at(0))
  })

  it('judges an input again by its number and by its text', async () => {
    for (let index = 0; index < 10; index++) {
      const input = new HostileInputs(SEED).at(index)
      const outcome = await new Judge().judge(input)
      assert.equal(await judgeAgain({ seed: SEED, input: String(index) }), outcome)
      assert.equal(await judgeAgain({ seed: SEED, replay: replayOf(input) }), outcome)
    }
  })
})
