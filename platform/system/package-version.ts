import { readFileSync } from 'node:fs'

/** The version of this package. */
export function packageVersion(): string {
  // Built files lie one folder deeper than the sources.
  const path = import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json'
  const parsed: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown'
}
