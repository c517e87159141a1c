import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lintPlanted } from './lint-planted.ts'

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')

/** One violation of each limit; the key is the lint rule that must name it. */
const violations: Record<string, string> = {
  noExcessiveLinesPerFile: lines(301, (index) => `export const a${index} = ${index}`),
  noExcessiveLinesPerFunction: `export function f(): void {\n${lines(51, (index) => `  JSON.parse('${index}')`)}\n}`,
  useMaxParams: 'export const f = (a: number, b: number, c: number, d: number): number => a + b + c + d',
  noExcessiveNestedBlocks: 'export function f(a: number) { if (a) { for (;;) { if (a) { while (a) { f(a) } } } } }',
  noExcessiveCognitiveComplexity: `export function f(a: number): void {\n${lines(16, (index) => `  if (a === ${index}) f(1)`)}\n}`,
  noFloatingPromises: 'async function f(): Promise<void> {}\nexport function g(): void { f() }',
  noVoid: 'async function f(): Promise<void> {}\nexport function g(): void { void f() }',
  noExplicitAny: 'export const f = (a: any): string => String(a)',
  noDefaultExport: 'export default function f(): void {}',
  noEnum: 'export enum Color { red }',
  noParameterAssign: 'export function f(a: number): number { a = 2; return a }',
  noParameterProperties: 'export class A { constructor(readonly a: number) {} }',
  noProcessEnv: 'export const a = process.env.HOME',
  noConsole: "console.log('a')",
  useThrowOnlyError: "export function f(): never { throw 'a' }",
  useImportType: "import { A } from './a.ts'\nexport const f = (a: A): A => a",
  useNodejsImportProtocol: "import { open } from 'fs'\nexport { open }",
}

const fileOf = (rule: string) => `platform/${rule.toLowerCase()}.ts`
const planted = Object.entries(violations).map(([rule, text]) => ({ file: fileOf(rule), text }))
const misnamed = { file: 'platform/CamelCase.ts', text: 'export const a = 1' }
const pipeline = { file: 'examples/orders/pipeline.ts', text: 'export default 1' }
const findings = lintPlanted([...planted, misnamed, pipeline])

describe('style rules', () => {
  for (const rule of Object.keys(violations)) {
    it(`${rule} refuses its violation`, () => {
      assert.ok(findings.get(fileOf(rule))?.some((finding) => finding.includes(`/${rule}:`)))
    })
  }

  it('refuse a file name that is not kebab-case', () => {
    assert.match(String(findings.get(misnamed.file)), /useFilenamingConvention/)
  })

  it('allow the default export of a pipeline module', () => {
    assert.equal(findings.get(pipeline.file), undefined)
  })
})
