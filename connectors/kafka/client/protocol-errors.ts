/** Error codes of the protocol that matter here (kafka.apache.org/protocol#protocol_error_codes). */
export const PROTOCOL = {
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownMember: 25,
  topicForbidden: 29,
  groupForbidden: 30,
  clusterForbidden: 31,
  unsupportedVersion: 35,
  topicExists: 36,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  concurrentTransactions: 51,
  producerFenced: 90,
} as const
