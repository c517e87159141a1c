import { digestOf, foreignDigests } from '../interop/table-digest.ts'
import { pythonInterpreter } from '../interop/venv.ts'
import type { CrashReport } from './crash-report.ts'
import type { RoundResult } from './crash-round.ts'

/** Has deltalake and DuckDB read the table of every round: counts, keys and digest must be those that the oracle knows. */
export async function readByOthers(rounds: readonly RoundResult[]): Promise<CrashReport['foreign']> {
  const interpreter = await pythonInterpreter()
  if (interpreter === undefined) return { readers: 'nobody: there is no Python here', violations: [] }
  const judged = rounds.flatMap((round) => (round.verdict === undefined ? [] : [{ ...round, verdict: round.verdict }]))
  if (judged.length === 0) return { readers: 'nobody: no round was judged', violations: [] }
  const expected = new Map(judged.map(({ place, verdict }) => [place.table, digestOf(verdict.rows)]))
  const found = foreignDigests(interpreter, [...expected.keys()])
  const violations = found.flatMap(({ reader, table, rows, keys, digest }) => {
    const ours = expected.get(table)
    if (ours?.rows === rows && ours.keys === keys && ours.digest === digest) return []
    return [
      `I19: ${reader} finds ${rows} rows, ${keys} keys, digest ${digest} in ${table}; expected ${JSON.stringify(ours)}`,
    ]
  })
  return { readers: [...new Set(found.map(({ reader }) => reader))].join(', '), violations }
}
