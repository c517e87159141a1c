import type { Output } from './output.ts'

/** What every command gets. */
export interface Session {
  readonly output: Output
  readonly env: Readonly<Record<string, string | undefined>>
}
