import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EVENT_OPTIONS } from '../../examples/events-curated/fill-log.ts'
import { generateEvents } from '../../examples/events-curated/generate-events.ts'
import { withPython } from './python-test.ts'
import { digestOfTexts, foreignDigests } from './table-digest.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-start-'))
after(() => rmSync(directory, { recursive: true }))

const program = fileURLToPath(new URL('../../examples/events-curated/start.ts', import.meta.url))

/** What `npm start` does; answers how many events were appended since the first start. */
function start(): number {
  const result = spawnSync(process.execPath, ['-C', 'millrace-source', program], { cwd: directory, encoding: 'utf8' })
  assert.equal(result.status, 0, result.stderr)
  const last = /Appended events [\d,]+ to ([\d,]+)/.exec(result.stdout)?.[1]
  assert.ok(last !== undefined, result.stdout)
  return Number(last.replaceAll(',', '')) + 1
}

/** Keys of the valid events among the first `count`. */
function keysOf(count: number): ReadonlySet<string> {
  const keys = new Set<string>()
  for (const { expected } of generateEvents({ from: 0, to: count }, EVENT_OPTIONS)) {
    if (expected.class === 'valid') keys.add(expected.key)
  }
  return keys
}

withPython('npm start twice: deltalake and DuckDB find each distinct valid event exactly once', (interpreter) => {
  for (const time of ['first', 'second']) {
    const keys = keysOf(start())
    for (const { reader, ...found } of foreignDigests(interpreter, [join(directory, 'warehouse', 'curated')])) {
      assert.equal(found.rows, keys.size, `${reader}, ${time} start`)
      assert.equal(found.keyDigest, digestOfTexts(keys), `${reader}, ${time} start`)
    }
  }
})
