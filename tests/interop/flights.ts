// Runs examples/flights in a directory (the first argument; default a temporary one) and has DuckDB compute the same from
// the Parquet source: count, distinct keys and sums per month, and every record, must be equal.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tableText } from 'millrace/platform'
import { flightsFile } from '../../examples/flights/read-flights.ts'
import { pythonInterpreter } from './venv.ts'

/** Month, flights, distinct keys, sum of delay, sum of distance. */
type MonthLine = readonly [string, number, number, number, number]

interface Comparison {
  readonly expected: readonly MonthLine[]
  readonly actual: readonly MonthLine[]
  /** Records that are not in the table as often as they should be. */
  readonly missing: number
  readonly unexpected: number
}

const python = await pythonInterpreter()
if (python !== undefined) {
  const given = process.argv[2]
  const directory = given === undefined ? mkdtempSync(join(tmpdir(), 'millrace-flights-')) : resolve(given)
  mkdirSync(directory, { recursive: true })
  try {
    process.exitCode = check(python, directory) ? 0 : 1
  } finally {
    if (given === undefined) rmSync(directory, { recursive: true })
  }
}

function check(interpreter: string, directory: string): boolean {
  const begin = performance.now()
  const start = fileURLToPath(new URL('../../examples/flights/start.ts', import.meta.url))
  runIn(directory, process.execPath, ['-C', 'millrace-source', start])
  const exampleSeconds = (performance.now() - begin) / 1000
  const script = fileURLToPath(new URL('./flights.py', import.meta.url))
  const text = runIn(directory, interpreter, [script, flightsFile(), join(directory, 'warehouse', 'flights')])
  // The script prints just this shape.
  const { expected, actual, missing, unexpected } = JSON.parse(text) as Comparison
  const isEqual =
    missing === 0 && unexpected === 0 && actual.length > 0 && JSON.stringify(expected) === JSON.stringify(actual)
  const columns = ['month', 'by', 'flights', 'distinct keys', 'delay', 'distance']
  const lines = expected.flatMap(([month, ...sums], index) => [
    [month, 'DuckDB', ...sums],
    ['', 'millrace', ...(actual[index]?.slice(1) ?? [])],
  ])
  console.log(tableText(columns, lines))
  console.log(`\n${missing} records missing, ${unexpected} unexpected; the example took ${exampleSeconds.toFixed(1)} s`)
  console.log(isEqual ? 'The table is what DuckDB computes from the source.' : 'The table DIFFERS from the source.')
  return isEqual
}

function runIn(cwd: string, command: string, args: readonly string[]): string {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 })
  if (result.error !== undefined) throw result.error
  if (result.status === 0) return result.stdout
  throw new Error(`${command} ${args.join(' ')} ended with ${result.status}: ${result.stderr}`)
}
