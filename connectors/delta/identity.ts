import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'

/** Who writes: the same over all runs of a job, different for every two sinks. */
export interface SinkIdentity {
  /** Our name in the `txn` actions of the table. */
  readonly appId: string
  /** What our file names begin with, so that nobody else's files are ever taken for ours. */
  readonly filePrefix: string
}

const HASH_CHARACTERS = 12

/** Identity of a sink of a pipeline. */
export function sinkIdentity(
  { pipeline, sha256 }: Pick<ConnectorPorts, 'pipeline' | 'sha256'>,
  sink: string,
): SinkIdentity {
  const appId = `${pipeline}/${sink}/0`
  return { appId, filePrefix: `part-${sha256(new TextEncoder().encode(appId)).slice(0, HASH_CHARACTERS)}` }
}
