import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { root, sourceFiles } from './source-files.ts'

const maxCodeLines = 300
const files = sourceFiles().map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** Put together here, so that this file does not contain what it forbids. */
const suppressions = [`biome${'-'}ignore`, `@ts${'-'}ignore`, `@ts${'-'}expect-error`, `@ts${'-'}nocheck`]
const postponements = ['TO', 'FIX'].map((start, index) => new RegExp(`\\b${start}${['DO', 'ME'][index]}\\b`))

function codeLines(text: string): number {
  const withoutBlocks = text.replace(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, '')
  return withoutBlocks.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length
}

function filesWith(isFound: (text: string) => boolean): string[] {
  return files.filter(({ text }) => isFound(text)).map(({ path }) => path)
}

describe('source files', () => {
  it('exist', () => {
    assert.ok(files.length > 10)
  })

  it(`have at most ${maxCodeLines} lines of code`, () => {
    assert.deepEqual(
      filesWith((text) => codeLines(text) > maxCodeLines),
      [],
    )
  })

  it('suppress no check, except that type tests expect errors', () => {
    const suppressing = filesWith((text) => suppressions.some((word) => text.includes(word)))
    assert.deepEqual(
      suppressing.filter((path) => !path.startsWith('tests/types/')),
      [],
    )
  })

  it('postpone nothing', () => {
    assert.deepEqual(
      filesWith((text) => postponements.some((word) => word.test(text))),
      [],
    )
  })
})
