/** What one seed found, and what it went through. */
export interface SeedResult {
  readonly seed: number
  readonly violations: readonly string[]
  readonly trace: string
  readonly steps: number
  readonly crashes: number
  readonly failpoints: Readonly<Record<string, number>>
  readonly outcomes: Readonly<Record<string, number>>
  /** Times that state outside memory was read back. */
  readonly readBack: number
}
