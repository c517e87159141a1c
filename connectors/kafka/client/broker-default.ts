/** Replicas of a topic that is made: as many as the brokers are set to give (KIP-464). */
export const BROKER_DEFAULT = -1
