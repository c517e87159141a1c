import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './source-files.ts'

/** A file to lint, with its path below the root of a repository. */
export interface PlantedFile {
  readonly file: string
  readonly text: string
}

/** Writes the files beside a copy of the lint configuration and lints once; answers the findings by file. */
export function lintPlanted(planted: readonly PlantedFile[]): Map<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-planted-'))
  try {
    plant(folder, planted)
    return findingsByFile(lint(folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function plant(folder: string, planted: readonly PlantedFile[]): void {
  for (const name of ['biome.json', 'biome.imports.json', 'biome.plugin.grit'])
    cpSync(join(root, name), join(folder, name))
  for (const { file, text } of planted) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), `${text}\n`)
  }
}

function lint(folder: string): string {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
  const args = [biome, 'lint', '--reporter=github', '--max-diagnostics=none', '.']
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).stdout
}

/** A line reads `::error title=<rule>,file=<path>,line=…::<message>`. */
function findingsByFile(report: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [, title, file, message] of report.matchAll(/^::\w+ title=([^,]*),file=([^,]*),.*?::(.*)$/gm)) {
    const path = file!.replace(/^.*millrace-planted-[^/]*\//, '')
    found.set(path, [...(found.get(path) ?? []), `${title}: ${message}`])
  }
  return found
}
