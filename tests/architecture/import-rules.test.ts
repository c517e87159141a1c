import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { biomeImports } from '../../scripts/biome-imports.ts'
import { importRules } from '../../scripts/import-rules.ts'
import { lintPlanted } from './lint-planted.ts'
import { legalImports, plantedViolations } from './planted-imports.ts'
import { root, sourceFiles } from './source-files.ts'

const findings = lintPlanted([...plantedViolations, ...legalImports])

function importFindings(file: string): string[] {
  return (findings.get(file) ?? []).filter((finding) => /Import rule|noImportCycles/.test(finding))
}

describe('import rules', () => {
  for (const { file, text, rule } of plantedViolations) {
    it(`${rule} refuses in ${file}: ${text}`, () => {
      assert.ok(
        importFindings(file).some((finding) => finding.includes(rule)),
        `found only: ${findings.get(file)?.join('; ') ?? 'nothing'}`,
      )
    })
  }

  for (const { file, text } of legalImports) {
    it(`allow in ${file}: ${text}`, () => {
      assert.deepEqual(importFindings(file), [])
    })
  }

  it('have a planted violation for every folder that has a rule', () => {
    const unproven = importRules.filter(({ folder: room }) => {
      const pattern = new RegExp(`^${room.replace('*', '[^/]+')}/[^/]+\\.ts$`)
      return !plantedViolations.some(({ file }) => pattern.test(file))
    })
    assert.deepEqual(unproven, [])
  })

  it('stand in biome.imports.json as the table says (npm run import-rules)', () => {
    assert.equal(readFileSync(join(root, 'biome.imports.json'), 'utf8'), biomeImports())
  })

  it('cover every source file outside tests, scripts and bin', () => {
    const { overrides } = JSON.parse(biomeImports()) as { overrides: { includes: string[] }[] }
    const covered = overrides.map(({ includes }) => new RegExp(`^${includes[0]!.replaceAll('*', '[^/]+')}$`))
    const ruled = sourceFiles().filter((file) => !/^(?:tests|scripts|bin)\//.test(file))
    assert.deepEqual(
      ruled.filter((file) => !covered.some((pattern) => pattern.test(file))),
      [],
    )
  })
})
