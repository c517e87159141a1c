import type { ApiRange } from './broker-line.ts'

/** What both clients need of brokers: topics with their ids, and transactions. */
export const COMMON_NEEDS: readonly ApiRange[] = [
  { name: 'Metadata', key: 3, least: 12, most: 12 },
  { name: 'OffsetCommit', key: 8, least: 2, most: 8 },
  { name: 'InitProducerId', key: 22, least: 1, most: 4 },
  { name: 'AddPartitionsToTxn', key: 24, least: 1, most: 3 },
  { name: 'EndTxn', key: 26, least: 1, most: 3 },
]
