import { availableParallelism } from 'node:os'
import { RECOVERY_OUTCOMES } from '../core/checkpoint/decide-recovery.ts'
import { FAILPOINTS } from '../core/ports/failpoint.ts'
import { histogramOf, voidBecause } from '../tests/crash/crash-report.ts'
import { sumOf as addTallies, inputsOf, tableOf } from '../tests/fuzz/fuzz-tally.ts'
import { printComparisons } from '../tests/fuzz/other-clients.ts'
import type { Entry, Finding } from './proof-evidence.ts'

export interface Proof {
  readonly mode: 'full' | 'quick'
  readonly commit: string
  readonly entries: readonly Entry[]
  /** Steps that are still to be done, by name: `crash 61–120`. */
  readonly open: readonly string[]
}

type Of<Kind extends Finding['kind']> = Extract<Finding, { readonly kind: Kind }>

interface Section {
  readonly title: string
  readonly lines: readonly string[]
  readonly isProven: boolean
}

const CRASH_TITLES = [
  ['log', 'Crash loop from the log'],
  ['kafka', 'Crash loop from Kafka'],
] as const

/** The report of a proof as Markdown, and whether all of it holds. */
export function proofReport(proof: Proof): { readonly text: string; readonly isProven: boolean } {
  const sections = [
    withOpen(simulationSection(pick(proof.entries, 'simulate')), proof.open, 'simulate'),
    ...CRASH_TITLES.map(([source, title]) => {
      const found = pick(proof.entries, 'crash').filter(({ finding }) => finding.source === source)
      return withOpen(crashSection(title, found), proof.open, `crash ${source}`)
    }),
    withOpen(commandSection(pick(proof.entries, 'command')), proof.open, 'command'),
    withOpen(plantedSection(pick(proof.entries, 'planted')), proof.open, 'planted'),
    withOpen(fuzzSection(pick(proof.entries, 'fuzz')), proof.open, 'fuzz'),
    withOpen(clientsSection(pick(proof.entries, 'clients')), proof.open, 'clients'),
    withOpen(benchmarkSection(pick(proof.entries, 'benchmark')), proof.open, 'benchmark'),
  ]
  const isProven = sections.every((section) => section.isProven)
  const dates = proof.entries.map(({ date }) => date).sort()
  const text = [
    '# Proof',
    '',
    `Written by \`npm run prove${proof.mode === 'quick' ? ' -- --quick' : ''}\`; commit ${proof.commit}, Node ` +
      `${process.versions.node}, ${availableParallelism()} cores, ${dates[0] ?? 'never'} to ${dates.at(-1) ?? 'never'}.`,
    '',
    ...sections.map(({ title, isProven }) => `- ${title}: ${isProven ? 'holds' : '**does not hold**'}`),
    ...sections.flatMap(({ title, lines }) => ['', `## ${title}`, '', ...lines]),
    '',
  ].join('\n')
  return { text, isProven }
}

/** What is not done is not proven. */
function withOpen(section: Section, open: readonly string[], begin: string): Section {
  const own = open.filter((name) => name.startsWith(begin))
  if (own.length === 0) return section
  return { ...section, isProven: false, lines: [`Still to be done: ${own.join(', ')}.`, '', ...section.lines] }
}

interface Found<F> {
  readonly finding: F
  readonly entry: Entry
}

function pick<Kind extends Finding['kind']>(entries: readonly Entry[], kind: Kind): readonly Found<Of<Kind>>[] {
  return entries.flatMap((entry) =>
    // The kind was compared just before.
    entry.finding.kind === kind ? [{ entry, finding: entry.finding as Of<Kind> }] : [],
  )
}

function simulationSection(found: readonly Found<Of<'simulate'>>[]): Section {
  const findings = found.map(({ finding }) => finding)
  const failpoints = sumOf(findings.map((finding) => finding.failpoints))
  const outcomes = sumOf(findings.map((finding) => finding.outcomes))
  const violations = findings.flatMap((finding) => finding.violations)
  const missing = [...FAILPOINTS, ...RECOVERY_OUTCOMES].filter((name) => !failpoints.has(name) && !outcomes.has(name))
  return {
    title: 'Simulation',
    isProven: found.length > 0 && violations.length === 0 && missing.length === 0,
    lines: [
      `${total(findings.map(({ seeds }) => seeds))} seeds of the whole runtime on simulated disks, links and clocks: ` +
        `${total(findings.map(({ crashes }) => crashes))} crashes in ${total(findings.map(({ steps }) => steps))} steps, ${spanOf(found)}.`,
      '',
      '```',
      ...FAILPOINTS.map((name) => countLine('failpoint', name, failpoints)),
      ...RECOVERY_OUTCOMES.map((name) => countLine('recovery', name, outcomes)),
      '```',
      ...verdictLines(
        violations,
        missing.map((name) => `${name} never occurred`),
      ),
    ],
  }
}

function crashSection(title: string, found: readonly Found<Of<'crash'>>[]): Section {
  const findings = found.map(({ finding }) => finding)
  const kills = findings.flatMap((finding) => finding.kills)
  const violations = findings.flatMap((finding) => finding.violations)
  const reasons = voidBecause(kills, total(findings.map(({ planned }) => planned)))
  return {
    title,
    isProven: found.length > 0 && violations.length === 0 && reasons.length === 0,
    lines: [
      `${kills.length} kills of real processes while data was flowing, ${spanOf(found)}; the tables were also read by ` +
        `${[...new Set(findings.map(({ readers }) => readers))].join(', ')}.`,
      '',
      '```',
      ...histogramOf(kills),
      '```',
      '',
      ...findings.flatMap(({ seed, rounds }) => rounds.map((round) => `- seed ${seed}, ${round}`)),
      ...verdictLines(violations, reasons),
    ],
  }
}

function plantedSection(found: readonly Found<Of<'planted'>>[]): Section {
  const caught = found.filter(({ finding }) => finding.isCaught).length
  return {
    title: 'Planted bugs',
    isProven: found.length > 0 && caught === found.length,
    lines: [
      `${caught} of ${found.length} bugs that were planted into the shipped source were caught by the simulation, ${spanOf(found)}.`,
      '',
      '| bug | what is wrong | caught |',
      '|---|---|---|',
      ...found.map(
        ({ finding }) =>
          `| ${finding.name} | ${cell(finding.what)} | ${finding.isCaught ? '' : '**no**, '}${cell(finding.detail)} |`,
      ),
    ],
  }
}

function commandSection(found: readonly Found<Of<'command'>>[]): Section {
  return {
    title: 'Brokers killed',
    isProven: found.length > 0 && found.every(({ finding }) => finding.isMet),
    lines: found.flatMap(({ finding, entry }) => [
      `${finding.what}: ${finding.isMet ? 'holds' : '**does not hold**'} (${(entry.elapsedMs / 1000).toFixed(0)} s, ${entry.date})`,
      '',
      '```',
      finding.output.trim(),
      '```',
    ]),
  }
}

function fuzzSection(found: readonly Found<Of<'fuzz'>>[]): Section {
  const findings = found.map(({ finding }) => finding)
  const tally = addTallies(findings.map((finding) => finding.tally))
  const violations = findings.flatMap((finding) => finding.violations)
  const reasons = findings.flatMap((finding) => finding.reasons)
  const grownMebibytes = Math.max(0, ...findings.map(({ grownBytes }) => grownBytes)) / 1_048_576
  return {
    title: 'Hostile record batches',
    isProven: found.length > 0 && violations.length === 0 && reasons.length === 0,
    lines: [
      `${inputsOf(tally)} hostile inputs for what reads record batches and fetches, ${spanOf(found)}; the process grew by ` +
        `${grownMebibytes.toFixed(0)} MiB at most, the slowest input took ${tally.slowest.value.toFixed(0)} ms.`,
      '',
      '```',
      ...tableOf(tally),
      '```',
      ...verdictLines(violations, reasons),
    ],
  }
}

function clientsSection(found: readonly Found<Of<'clients'>>[]): Section {
  const results = found.flatMap(({ finding }) => finding.results)
  return {
    title: 'Record batches of other clients',
    isProven: results.length > 0 && results.every(({ difference }) => difference === undefined),
    lines: ['```', printComparisons(results), '```'],
  }
}

function benchmarkSection(found: readonly Found<Of<'benchmark'>>[]): Section {
  return {
    title: 'Benchmarks',
    isProven: found.length > 0 && found.every(({ finding }) => finding.isMet),
    lines: found.flatMap(({ finding, entry }) => [
      `### ${finding.query}: ${finding.isMet ? 'meets its bar' : '**misses its bar**'} (${entry.date})`,
      '',
      '```',
      finding.output.trim(),
      '```',
      '',
    ]),
  }
}

function verdictLines(violations: readonly string[], reasons: readonly string[]): readonly string[] {
  const lines = [...violations.map((line) => `- violation: ${line}`), ...reasons.map((line) => `- void: ${line}`)]
  return ['', ...(lines.length === 0 ? ['No violation.'] : lines)]
}

function spanOf(found: readonly Found<Finding>[]): string {
  const seconds = total(found.map(({ entry }) => entry.elapsedMs)) / 1000
  return `${seconds.toFixed(0)} s up to ${found.at(-1)?.entry.date ?? 'never'}`
}

function countLine(title: string, name: string, counts: ReadonlyMap<string, number>): string {
  return `${title.padEnd(10)} ${name.padEnd(24)} ${String(counts.get(name) ?? 0).padStart(8)}`
}

function sumOf(counts: readonly Readonly<Record<string, number>>[]): ReadonlyMap<string, number> {
  const sum = new Map<string, number>()
  for (const one of counts) for (const [name, count] of Object.entries(one)) sum.set(name, (sum.get(name) ?? 0) + count)
  return sum
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
