/** Randomness as a port: seeded in tests and simulation. */
export interface Random {
  /** A uniform whole number in [0, 2^32). */
  uint32(): number
  /** A UUID, version 4. */
  uuid(): string
}
