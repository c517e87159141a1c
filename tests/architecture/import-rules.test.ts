import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { biomeImports } from '../../scripts/biome-imports.ts'
import { importRules } from '../../scripts/import-rules.ts'
import { legalImports, plantedViolations } from './planted-imports.ts'
import { root, sourceFiles } from './source-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-imports-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const findings = lintPlanted()

/** Plants every file in a copy of the configuration and lints once; answers the findings by file. */
function lintPlanted(): Map<string, string[]> {
  for (const name of ['biome.json', 'biome.imports.json', 'biome.plugin.grit'])
    cpSync(join(root, name), join(folder, name))
  for (const { file, line } of [...plantedViolations, ...legalImports]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), `${line}\n`)
  }
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
  const args = [biome, 'lint', '--reporter=github', '--max-diagnostics=none', '.']
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  const found = new Map<string, string[]>()
  for (const [, title, file, message] of stdout.matchAll(/^::\w+ title=([^,]*),file=([^,]*),.*?::(.*)$/gm)) {
    const path = file!.replace(/^.*millrace-imports-[^/]*\//, '')
    found.set(path, [...(found.get(path) ?? []), `${title}: ${message}`])
  }
  return found
}

function importFindings(file: string): string[] {
  return (findings.get(file) ?? []).filter((finding) => /Import rule|noImportCycles|noPrivateImports/.test(finding))
}

describe('import rules', () => {
  for (const { file, line, rule } of plantedViolations) {
    it(`${rule} refuses in ${file}: ${line}`, () => {
      assert.ok(
        importFindings(file).some((finding) => finding.includes(rule)),
        `found only: ${findings.get(file)?.join('; ') ?? 'nothing'}`,
      )
    })
  }

  for (const { file, line } of legalImports) {
    it(`allow in ${file}: ${line}`, () => {
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
