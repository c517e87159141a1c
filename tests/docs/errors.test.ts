import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ERROR_CODES } from '../../core/model/error-codes.ts'
import { errorReference } from '../../scripts/error-reference.ts'

const root = new URL('../../', import.meta.url)
const rooms = ['core', 'formats', 'operators', 'connectors', 'state', 'platform', 'cli']
/** Files that name codes without making errors of them. */
const mentions = ['core/model/error-codes.ts', 'cli/hints.ts']

describe('docs/errors.md', () => {
  const reference = readFileSync(new URL('docs/errors.md', root), 'utf8')
  const codes = Object.keys(ERROR_CODES)

  it('is what npm run docs:errors writes', () => {
    assert.equal(reference, errorReference(ERROR_CODES), 'run npm run docs:errors')
  })

  it('has a line for every code and no line for another one', () => {
    const documented = [...reference.matchAll(/^\| `(MR_[A-Z0-9_]+)` +\|/gm)].map((match) => match[1])
    assert.deepEqual(documented.toSorted(), codes.toSorted())
  })

  it('escapes what would end a cell', () => {
    const text = errorReference({ MR_X: { domain: 'user', retry: 'never', exit: 1, text: 'a | b' } })
    assert.match(text, /\n\| `MR_X` +\| user +\| never +\| 1 +\| a \\\| b +\|\n$/)
  })

  it('names no code that nothing gives as an error or as the reason of a dead letter', () => {
    const made = codesMade()
    assert.deepEqual(
      codes.filter((code) => !made.has(code)),
      [],
    )
  })
})

/** Codes that stand as text in the sources, comparisons aside. */
function codesMade(): ReadonlySet<string> {
  const made = new Set<string>()
  for (const path of rooms.flatMap(sourcesOf)) {
    if (mentions.includes(path)) continue
    const source = readFileSync(new URL(path, root), 'utf8').replaceAll(/[!=]== 'MR_\w+'/g, '')
    for (const [, code] of source.matchAll(/'(MR_\w+)'/g)) made.add(code!)
  }
  return made
}

function sourcesOf(room: string): readonly string[] {
  return readdirSync(new URL(room, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${room}/${name.replaceAll('\\', '/')}`)
}
