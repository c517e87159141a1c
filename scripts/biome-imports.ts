import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ImportRule, importRules } from './import-rules.ts'

interface Pattern {
  readonly group: readonly string[]
  readonly message: string
}

/** Biome matches the written path, so each depth of folders below a rule's folder has its own patterns. */
const deepest = 3

/** The Biome configuration that enforces the import rules; `biome.imports.json` is its text. */
export function biomeImports(): string {
  const overrides = importRules.flatMap((rule) => depthsOf(rule).map((depth) => overrideAt(rule, depth)))
  const lines = overrides.map((override) => `    ${JSON.stringify(override)}`)
  return `{\n  "overrides": [\n${lines.join(',\n')}\n  ]\n}\n`
}

function depthsOf(rule: ImportRule): number[] {
  const hasOwnRules = importRules.some((other) => other.folder.startsWith(`${rule.folder}/`))
  const isShared = rule.folder === 'core' || rule.folder === 'connectors'
  return isShared && hasOwnRules ? [0] : Array.from({ length: deepest + 1 }, (_, depth) => depth)
}

function overrideAt(rule: ImportRule, depth: number) {
  const options = { patterns: patterns(rule, depth) }
  return {
    includes: [`${rule.folder}/${'*/'.repeat(depth)}*.ts`],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  }
}

function patterns(rule: ImportRule, depth: number): Pattern[] {
  const rooms = { group: roomGroup(rule, depth), message: roomMessage(rule) }
  const packages = { group: packageGroup(rule), message: packageMessage(rule) }
  if (rule.builtins === 'all') return [rooms, packages]
  return [rooms, packages, { group: builtinGroup(rule.builtins), message: builtinMessage(rule) }]
}

/** Last match wins: all above the folder is closed, then a parent is opened, then what is above that parent closed. */
function roomGroup(rule: ImportRule, depth: number): string[] {
  const above = '../'.repeat(depth + 1)
  const parents = rule.ours.filter((room) => rule.folder.startsWith(`${room}/`))
  const others = rule.ours.filter((room) => !parents.includes(room))
  return [
    ...closed(above),
    ...parents.flatMap((room) => openedParent(upwards(rule.folder, room, depth))),
    ...others.map((room) => `!${upwards(rule.folder, room, depth)}**`),
  ]
}

function closed(above: string): string[] {
  return [above.slice(0, -1), `${above}**`]
}

function openedParent(path: string): string[] {
  return [`!${path}**`, ...closed(`${path}../`)]
}

/** The relative path from a file `depth` folders below `from` to the folder `to`, with a closing slash. */
function upwards(from: string, to: string, depth: number): string {
  const start = from.split('/')
  const target = to.split('/')
  let shared = 0
  while (shared < target.length && start[shared] === target[shared]) shared += 1
  const rest = target.slice(shared).map((name) => `${name}/`)
  return '../'.repeat(start.length - shared + depth) + rest.join('')
}

function packageGroup(rule: ImportRule): string[] {
  const relative = ['!.', '!./**', '!..', '!../**', '!node:*', '!node:*/**']
  return ['*', '*/**', ...relative, ...rule.packages.flatMap((name) => [`!${name}`, `!${name}/**`])]
}

function builtinGroup(builtins: readonly string[]): string[] {
  return ['node:*', 'node:*/**', ...builtins.map((name) => `!${name}`)]
}

function roomMessage(rule: ImportRule): string {
  return `Import rule ${rule.rule}: of ours, ${rule.folder} imports only ${list([rule.folder, ...rule.ours])}.`
}

function packageMessage(rule: ImportRule): string {
  return `Import rule 6: of packages, ${rule.folder} imports only ${list(rule.packages)}.`
}

function builtinMessage(rule: ImportRule): string {
  return `Import rule 5: of Node's built-ins, ${rule.folder} imports only ${list(rule.builtins as readonly string[])}.`
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}

if (import.meta.main) {
  writeFileSync(fileURLToPath(new URL('../biome.imports.json', import.meta.url)), biomeImports())
}
