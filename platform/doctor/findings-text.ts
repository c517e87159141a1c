import { tableText } from '../status/table-text.ts'
import type { PartFinding } from './diagnose-pipeline.ts'

const WIDTH = 100

/** The findings as a table; what to do stands below what was found. */
export function findingsText(findings: readonly PartFinding[]): string {
  const lines = findings.flatMap((finding) => {
    const { kind, part, subject, found } = finding
    const [first = '', ...rest] = wrapped(found)
    const advice = finding.kind === 'ok' ? [] : wrapped(`→ ${finding.advice}`)
    return [[kind, part, subject, first], ...[...rest, ...advice].map((text) => ['', '', '', text])]
  })
  return tableText(['', 'part', 'check', 'found'], lines, { maxWidth: WIDTH })
}

/** Lines of at most so many characters, broken between words where there are any. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length > WIDTH && line !== '') {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}
