import { readdirSync, readFileSync } from 'node:fs'

export const root = new URL('../../', import.meta.url)

/** Rooms whose exports users call. */
const ROOMS = ['core', 'operators', 'connectors', 'platform']

/**
 * `graph`: statements of the function of a pipeline; `pipeline`: the default export of a module; `script`: anything else,
 * which is only type-checked, as it would run jobs or write files.
 */
export interface Example {
  readonly path: string
  readonly kind: 'graph' | 'pipeline' | 'script'
  readonly statements: readonly string[]
}

/** The `@example` blocks of all docstrings in the public rooms; those that are only a remark are left out. */
export function docstringExamples(): readonly Example[] {
  return ROOMS.flatMap(sourcesOf).flatMap((path) =>
    examplesIn(readFileSync(new URL(path, root), 'utf8')).map((statements) => ({
      path,
      kind: kindOf(statements[0]!),
      statements,
    })),
  )
}

/** The statements of each example in a source text. */
export function examplesIn(source: string): readonly (readonly string[])[] {
  return [...source.matchAll(/@example\s([\s\S]*?)\*\//g)]
    .map(([, block]) => statementsOf(block!.replaceAll(/^\s*\* ?/gm, '')))
    .filter((statements) => statements.length > 0)
}

/** A statement begins at a line that is neither indented nor the end of the one before. */
function statementsOf(block: string): readonly string[] {
  const statements: string[] = []
  for (const line of block.split('\n')) {
    if (line.trim() === '' || line.startsWith('//')) continue
    if (/^[\s)}\].]/.test(line) && statements.length > 0) statements.push(`${statements.pop()}\n${line}`)
    else statements.push(line.trim())
  }
  return statements
}

function kindOf(first: string): Example['kind'] {
  if (first.startsWith('export default pipeline')) return 'pipeline'
  const isGraph =
    /^(?:const events = )?(?:from\(|events\.|orders\.|stream\.)|^const orders = new Collected|^const order = /
  return isGraph.test(first) || isStep(first) ? 'graph' : 'script'
}

/** True where a statement is an operator alone, to be put into `pipe`. */
export function isStep(statement: string): boolean {
  return /^(?:filter|derive|map|select|keyBy|deduplicate)\(/.test(statement)
}

function sourcesOf(room: string): readonly string[] {
  return readdirSync(new URL(room, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${room}/${name.replaceAll('\\', '/')}`)
    .toSorted()
}
