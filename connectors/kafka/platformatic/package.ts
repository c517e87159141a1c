// What of `@platformatic/kafka` is used here. The package that is published has it as one file, joined from the modules that it needs:
// see scripts/join-kafka-client.ts.
export {
  Admin,
  type API,
  AuthenticationError,
  addPartitionsToTxnV3,
  type ClusterMetadata,
  Connection,
  type ConnectionOptions,
  createAPI,
  endTxnV3,
  FindCoordinatorKeyTypes,
  findErrorBy,
  initProducerIdV4,
  type metadataV12,
  offsetCommitV8,
  type Reader,
  ResponseError,
  type SASLOptions,
  Writer,
} from '@platformatic/kafka'
