/**
 * The named places of the epoch protocol at which a test may kill the process or delay it; in production a call does
 * nothing. P0 … P9 are the steps of docs/ARCHITECTURE.md, each name says what has just happened.
 */
export const FAILPOINTS = [
  'P0-barrier-injected',
  'P0-positions-frozen',
  'P1-aligned',
  'P2-staging',
  'P2-staged',
  'P3-before-prepare',
  'P3-prepared',
  'P4-before-manifest',
  'P4-manifest-created',
  'P5-before-commit',
  'P5-sink-committed',
  'P6-acknowledged',
  'P7-finalized',
  'P8-advised',
  'P9-collecting',
  'P9-collected',
  'recovery-decided',
  'recovery-redone',
  'recovery-claimed',
] as const

export type FailpointName = (typeof FAILPOINTS)[number]

export type Failpoint = (name: FailpointName) => void
