import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Cell, tableText } from 'millrace/platform'

const folder = fileURLToPath(new URL('../docs/benchmarks/', import.meta.url))

/** What a query found, as it stands in docs/benchmarks. */
export interface Report {
  /** Name of the query and of its files. */
  readonly query: string
  readonly title: string
  /** What is measured and how, a paragraph. */
  readonly method: string
  /** How to run it again. */
  readonly command: string
  readonly columns: readonly string[]
  readonly lines: readonly (readonly Cell[])[]
  /** The figure that counts against its bar. */
  readonly verdict: string
  readonly isMet: boolean
  /** Raw figures. */
  readonly figures: unknown
  readonly chart?: string
}

/** Prints a report and, where `isKept`, writes it to docs/benchmarks; fails the process where the bar is not met. */
export function publish(report: Report, isKept: boolean): void {
  console.log(`\n${report.title}\n`)
  console.log(tableText(report.columns, report.lines))
  console.log(`\n${report.verdict}`)
  if (!report.isMet) process.exitCode = 1
  if (!isKept) return
  mkdirSync(folder, { recursive: true })
  const { query, figures, chart } = report
  const machine = machineOf()
  writeFileSync(join(folder, `${query}.json`), `${JSON.stringify({ query, machine, figures }, null, 2)}\n`)
  writeFileSync(join(folder, `${query}.md`), markdownOf(report, machine))
  if (chart !== undefined) writeFileSync(join(folder, `${query}.svg`), chart)
  console.log(`Written to docs/benchmarks/${query}.md and .json.`)
}

interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly platform: string
  readonly date: string
}

function machineOf(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    date: new Date().toISOString().slice(0, 10),
  }
}

function markdownOf(report: Report, machine: Machine): string {
  const { title, method, columns, lines, verdict, command, query, chart } = report
  const row = (cells: readonly Cell[]) => `| ${cells.map((cell) => String(cell ?? '')).join(' | ')} |`
  const table = [row(columns), row(columns.map(() => '---')), ...lines.map(row)].join('\n')
  const { processor, cores, memoryGiB, node, platform, date } = machine
  return `<!-- Made by \`${command}\`; do not edit. -->
# ${title}

${method}

${table}

${verdict
  .split('\n')
  .map((line) => `**${line}**`)
  .join('<br>\n')}
${chart === undefined ? '' : `\n![${title}](${query}.svg)\n`}
${processor}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}, ${date}. Again with \`${command}\`; raw figures
in \`${query}.json\`. Other machines give other absolute figures: what counts are ratios within one run.
`
}
