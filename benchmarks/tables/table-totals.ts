import { spawnSync } from 'node:child_process'
import { createReadStream, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pythonInterpreter } from '../../tests/interop/venv.ts'
import { CountingHash, type HashTotals } from '../orders/counting-hash.ts'

const script = fileURLToPath(new URL('./table-lines.py', import.meta.url))
const LINE_END = 0x0a

/** The rows of a Delta table as DuckDB reads them, counted and hashed as `CountingHash` does the results of a query. */
export async function tableTotals(table: string, columns: readonly string[]): Promise<HashTotals> {
  const interpreter = await pythonInterpreter()
  if (interpreter === undefined) throw new Error('the table cannot be checked: its reader needs python3')
  const lines = `${table}.lines`
  const { status, stderr } = spawnSync(interpreter, [script, table, lines, ...columns], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the reader of table ${table} ended with ${status}: ${stderr}`)
  const hash = new CountingHash()
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(lines)) rest = addLines(hash, Buffer.concat([rest, chunk]))
  rmSync(lines)
  if (rest.length > 0) throw new Error(`the reader of table ${table} ended within a line`)
  return hash.take()
}

/** Adds whole lines, whose text is that of a result; answers what is left of the last one. */
function addLines(hash: CountingHash, bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  let start = 0
  for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
    hash.addBytes(bytes, start, end)
    hash.end()
    start = end + 1
  }
  return bytes.subarray(start)
}
