import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readmeExample } from './readme-blocks.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const commandLimitMs = 120_000

/** Packs, installs the tarball in a folder of its own and does there what the README's "First pipeline" says. */
function packCheck(): void {
  const example = readmeExample(readFileSync(join(root, 'README.md'), 'utf8'), 'First pipeline')
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pack-'))
  try {
    install(folder)
    mkdirSync(dirname(join(folder, example.fileName)), { recursive: true })
    writeFileSync(join(folder, example.fileName), example.source)
    for (const command of example.commands.filter((line) => !isInstall(line))) runInShell(command, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.log('The packed README example ran.')
}

function install(folder: string): void {
  run(['npm', 'pack', '--pack-destination', folder], root)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack wrote no tarball')
  writeFileSync(join(folder, 'package.json'), '{ "name": "first-pipeline", "private": true, "type": "module" }\n')
  run(['npm', 'install', '--no-audit', '--no-fund', `./${tarball}`], folder)
}

/** The README installs the published package; here the tarball stands for it. */
function isInstall(command: string): boolean {
  return /^npm (?:init|i|install|pkg)\b/.test(command) || /^(?:mkdir|cd)\b/.test(command)
}

function runInShell(command: string, folder: string): void {
  console.log(`$ ${command}`)
  run(['bash', '-euo', 'pipefail', '-c', command], folder)
}

function run(command: readonly [string, ...string[]], folder: string): void {
  const [program, ...args] = command
  const binaries = join(folder, 'node_modules', '.bin')
  // `millrace-source` must not leak in: the packed package is what is being checked.
  const environment = { ...process.env, NODE_OPTIONS: '', PATH: `${binaries}${delimiter}${process.env.PATH}` }
  const result = spawnSync(program, args, { cwd: folder, env: environment, stdio: 'inherit', timeout: commandLimitMs })
  if (result.error !== undefined) throw new Error(`${command.join(' ')}: ${result.error.message}`)
  if (result.status !== 0) throw new Error(`${command.join(' ')} ended with ${result.status ?? result.signal}`)
}

if (import.meta.main) packCheck()
