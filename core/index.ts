export type { FromOptions, Pipeline, PipelineOptions, PipelineScope, PipelineSettings } from './dataflow/pipeline.ts'
export { isPipeline, pipeline } from './dataflow/pipeline.ts'
export type { Stream } from './dataflow/stream.ts'
export type { BatchParts, RecordShape, SystemColumns } from './model/batch.ts'
export { Batch } from './model/batch.ts'
export type { Column } from './model/column.ts'
export type { Contract, ContractOptions, Field, RecordOf } from './model/contract.ts'
export {
  binary,
  boolean,
  contract,
  date,
  decimal,
  float64,
  int32,
  int64,
  integer,
  optional,
  string,
  timestamp,
} from './model/contract.ts'
export type { Duration } from './model/duration.ts'
export type { ErrorCode, ErrorDomain, ErrorEntry, ErrorRetry } from './model/error-codes.ts'
export { ERROR_CODES } from './model/error-codes.ts'
export { MillraceError } from './model/errors.ts'
export type { FieldKind, FieldType, FieldValue, Schema, SchemaField } from './model/field-type.ts'
export type { SourceStart } from './model/source-start.ts'
export type { Finding } from './ports/diagnosis.ts'
export type {
  BoundOperator,
  Operator,
  OperatorContext,
  OperatorFunction,
  OperatorSpec,
  Output,
  PlanValue,
  StateBlock,
  Upstream,
} from './ports/operator.ts'
export type { DeadLetterSinkSpec, RecordSinkSpec } from './ports/sink.ts'
export type { SourceSpec } from './ports/source.ts'
