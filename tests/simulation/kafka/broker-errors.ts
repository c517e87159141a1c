/**
 * Error codes that the simulated brokers give, from kafka.apache.org/protocol#protocol_error_codes and not from the client: a number that is
 * wrong there must be found.
 */
export const ERRORS = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  notLeader: 6,
  notEnoughReplicas: 19,
  outOfOrderSequence: 45,
  invalidProducerEpoch: 47,
  invalidTransactionState: 48,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  unknownTopicId: 100,
} as const
