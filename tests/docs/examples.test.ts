import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { docstringExamples, examplesIn } from './docstring-examples.ts'
import { exampleModule } from './example-module.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = docstringExamples()
const folder = mkdtempSync(join(tmpdir(), 'millrace-examples-'))
const modulePath = join(folder, 'examples.mts')
writeFileSync(modulePath, exampleModule(examples))

describe('examples in docstrings', () => {
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('stand at every function that a user begins with', () => {
    const documented = new Set(examples.map(({ path }) => path))
    const operators = ['deduplicate', 'derive', 'expression/field', 'filter', 'key-by', 'map', 'select']
    const expected = [
      ...operators.map((name) => `operators/${name}.ts`),
      ...['core/model/contract.ts', 'core/dataflow/pipeline.ts', 'core/dataflow/stream.ts', 'platform/run.ts'],
      ...['connectors/log/source/source.ts', 'connectors/log/sink/sink.ts', 'connectors/delta/sink.ts'],
    ]
    assert.deepEqual(
      expected.filter((path) => !documented.has(path)),
      [],
    )
  })

  it('pass the type check', () => {
    const { status, output } = typeCheck()
    assert.equal(status, 0, output)
  })

  for (const [index, { path, kind, statements }] of examples.entries()) {
    if (kind === 'script') continue
    it(`plan what they say: ${path}: ${statements[0]!.split('\n')[0]}`, async () => {
      const { graphs } = (await import(pathToFileURL(modulePath).href)) as { graphs: Record<number, () => string[]> }
      const ids = graphs[index]!()
      // A contract alone declares nothing in a graph.
      assert.equal(ids.length > 0, !statements[0]!.startsWith('const order = contract'), ids.join(', '))
    })
  }

  it('are found in every form of a docstring, remarks aside', () => {
    const source = [
      '/** One line. @example a(1) */',
      '/**\n * Text.\n *\n * @example\n * b({\n *   x: 1,\n * })\n * c\n *   .d()\n * // a remark\n */',
      '/**\n * @example\n * // only a remark\n */',
    ].join('\n')
    assert.deepEqual(examplesIn(source), [['a(1)'], ['b({\n  x: 1,\n})', 'c\n  .d()']])
  })
})

function typeCheck(): { readonly status: number | null; readonly output: string } {
  const compilerOptions = {
    noUnusedLocals: false,
    noUnusedParameters: false,
    rootDir: '/',
    // The module imports by absolute paths.
    rewriteRelativeImportExtensions: false,
    typeRoots: [join(root, 'node_modules/@types')],
  }
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, files: [modulePath], include: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const result = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' })
  return { status: result.status, output: `${result.stdout}${result.stderr}` }
}
