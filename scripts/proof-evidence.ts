import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { CountedKill } from '../tests/crash/crash-round.ts'
import type { SourceWord } from '../tests/crash/crash-source.ts'
import type { FuzzTally } from '../tests/fuzz/fuzz-tally.ts'
import type { ComparisonResult } from '../tests/fuzz/other-clients.ts'

/** What a step of the proof found. */
export type Finding =
  | {
      readonly kind: 'simulate'
      readonly seeds: number
      readonly steps: number
      readonly crashes: number
      readonly failpoints: Readonly<Record<string, number>>
      readonly outcomes: Readonly<Record<string, number>>
      readonly violations: readonly string[]
    }
  | {
      readonly kind: 'crash'
      readonly source: SourceWord
      readonly seed: number
      readonly planned: number
      readonly kills: readonly CountedKill[]
      readonly rounds: readonly string[]
      readonly readers: string
      readonly violations: readonly string[]
    }
  | {
      readonly kind: 'planted'
      readonly name: string
      readonly what: string
      readonly isCaught: boolean
      readonly detail: string
    }
  /** The output of a command that judges by itself. */
  | { readonly kind: 'command'; readonly what: string; readonly isMet: boolean; readonly output: string }
  | {
      readonly kind: 'fuzz'
      readonly tally: FuzzTally
      readonly grownBytes: number
      readonly violations: readonly string[]
      readonly reasons: readonly string[]
    }
  | { readonly kind: 'clients'; readonly results: readonly ComparisonResult[] }
  | { readonly kind: 'benchmark'; readonly query: string; readonly isMet: boolean; readonly output: string }

export interface Entry {
  readonly name: string
  /** When it ended. */
  readonly date: string
  readonly elapsedMs: number
  readonly finding: Finding
}

/** Findings about one commit in a file, a line each, so that a run that was broken off goes on where it stopped. */
export class Evidence {
  readonly commit: string
  readonly #path: string
  readonly #entries: Entry[]

  private constructor(path: string, commit: string, entries: Entry[]) {
    this.#path = path
    this.commit = commit
    this.#entries = entries
  }

  /** Drops what was found about another commit. */
  static open(path: string, commit: string): Evidence {
    mkdirSync(dirname(path), { recursive: true })
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
    const [header, ...rest] = lines
    const kept = header === commit ? rest : []
    writeFileSync(path, [commit, ...kept, ''].join('\n'))
    // Only this class writes the file; a last line that was torn has no line end and was cut off above.
    const entries = kept.map((line) => JSON.parse(line) as Entry)
    return new Evidence(path, commit, entries)
  }

  get entries(): readonly Entry[] {
    return this.#entries
  }

  has(name: string): boolean {
    return this.#entries.some((entry) => entry.name === name)
  }

  add(entry: Entry): void {
    this.#entries.push(entry)
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`)
  }
}
