import { fileURLToPath } from 'node:url'
import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'
import { checkAdvice } from '../simulation/check-end.ts'
import type { FoundLetter } from '../simulation/invariants.ts'
import type { FeedTarget } from './event-feed.ts'
import { logFeedTarget, readLogLetters } from './log-side.ts'
import { RealTableFiles, type RoundPlace, TOPIC } from './round-place.ts'

/** Where the records of one round come from, and where its refused ones go. */
export interface RoundSource {
  /** Module of the pipeline that the jobs of the round run, and what they find in their environment. */
  readonly module: string
  readonly environment: Readonly<Record<string, string>>
  /** Name of the pipeline. */
  readonly pipeline: string
  openTarget(place: RoundPlace, splits: number): Promise<FeedTarget>
  readLetters(place: RoundPlace): Promise<readonly FoundLetter[]>
  /** I7: no advice is ahead of the checkpoint. */
  checkAdvice(place: RoundPlace, marker: EpochMarker): Promise<readonly string[]>
}

export type SourceWord = 'log' | 'kafka'

/** A kind of source for a whole run. */
export interface CrashSource {
  round(index: number): RoundSource
  close(): Promise<void>
}

/** The embedded log. */
export function logSource(): CrashSource {
  const source: RoundSource = {
    module: fileURLToPath(new URL('pipelines/from-log.ts', import.meta.url)),
    environment: {},
    pipeline: 'curated',
    openTarget: (place, splits) => logFeedTarget(place.log, { topic: TOPIC, splits }),
    readLetters: (place) => readLogLetters(place.log, `${TOPIC}.dlq`),
    checkAdvice: async (place, marker) => checkAdvice(new RealTableFiles(), marker, place.log),
  }
  return { round: () => source, close: async () => undefined }
}
