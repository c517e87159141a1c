import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { FAILPOINTS } from '../../core/ports/failpoint.ts'
import { type Entry, Evidence, type Finding } from '../../scripts/proof-evidence.ts'
import { proofReport } from '../../scripts/proof-report.ts'
import { NO_TALLY } from '../fuzz/fuzz-tally.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-proof-'))
after(() => rmSync(directory, { recursive: true }))

function entry(name: string, finding: Finding): Entry {
  return { name, date: '2026-01-01T00:00:00.000Z', elapsedMs: 1000, finding }
}

const crash = (violations: readonly string[]): Finding => ({
  kind: 'crash',
  source: 'log',
  seed: 1,
  planned: FAILPOINTS.length,
  kills: FAILPOINTS.map((at) => ({ round: 0, kind: 'point', at })),
  rounds: [],
  readers: 'deltalake',
  violations,
})

describe('the proof', () => {
  it('goes on after the last whole line where its run was broken off', () => {
    const path = join(directory, 'evidence.jsonl')
    const evidence = Evidence.open(path, 'abc')
    evidence.add(entry('crash 1', crash([])))
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"name":"cra`)
    const again = Evidence.open(path, 'abc')
    assert.deepEqual(again.entries, evidence.entries)
    again.add(entry('crash 2', crash([])))
    assert.deepEqual(Evidence.open(path, 'abc').entries, again.entries)
  })

  it('drops what was found about another commit', () => {
    const path = join(directory, 'other.jsonl')
    Evidence.open(path, 'abc').add(entry('crash 1', crash([])))
    assert.equal(Evidence.open(path, 'abd').has('crash 1'), false)
  })

  it('does not hold with a violation, with a missed bug or with a section that is missing', () => {
    const planted = (isCaught: boolean): Finding => ({ kind: 'planted', name: 'b', what: 'w', isCaught, detail: 'd' })
    const open: string[] = []
    const reportOf = (...findings: Finding[]) =>
      proofReport({ mode: 'full', commit: 'abc', entries: findings.map((finding) => entry('', finding)), open })
    assert.match(
      reportOf(crash([]), planted(true)).text,
      /Crash loop from the log: holds\n- Crash loop from Kafka: \*\*does not hold[\s\S]*Planted bugs: holds/,
    )
    assert.match(reportOf(crash(['I1: lost'])).text, /Crash loop from the log: \*\*does not hold\*\*/)
    const fuzzed = (violations: readonly string[]): Finding => ({
      kind: 'fuzz',
      tally: { ...NO_TALLY, counts: { 'batch|lz4|bit flip|decoded': 7 } },
      grownBytes: 2 ** 20,
      violations,
      reasons: [],
    })
    const compared = (difference: string | undefined): Finding => ({
      kind: 'clients',
      results: [{ name: 'kafkajs reads', runs: 3, difference }],
    })
    assert.match(reportOf(fuzzed([])).text, /Hostile record batches: holds[\s\S]*\n7 hostile inputs/)
    assert.match(reportOf(fuzzed(['input 3: threw'])).text, /Hostile record batches: \*\*does not hold\*\*/)
    assert.match(reportOf(compared(undefined)).text, /other clients: holds[\s\S]*same in 3 runs: kafkajs reads/)
    assert.match(reportOf(compared('offset 3')).text, /other clients: \*\*does not hold\*\*[\s\S]*offset 3/)
    assert.match(reportOf(planted(false)).text, /Planted bugs: \*\*does not hold\*\*/)
    assert.equal(reportOf(crash([]), planted(true)).isProven, false)
    open.push('crash log 61–120')
    assert.match(
      reportOf(crash([])).text,
      /Crash loop from the log: \*\*does not hold\*\*[\s\S]*Still to be done: crash log 61–120\./,
    )
  })
})
