import { readFileSync } from 'node:fs'

/** The version of this package. */
export function packageVersion(): string {
  return manifest().version
}

/** The oldest version of Node.js that it runs on, such as `22.22`. */
export function neededNode(): string {
  return manifest().engines.node.replace('>=', '')
}

interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
}

function manifest(): Manifest {
  // Built files lie one folder deeper than the sources.
  const path = import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json'
  // The package's own: it goes with this file.
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Manifest
}
