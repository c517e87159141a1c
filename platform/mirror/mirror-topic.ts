import { createMirror, type MirrorAppender, mirrorOriginOf, openMirror } from '../../connectors/log/mirror-appender.ts'
import { PartitionedLog } from '../../connectors/log/partitioned-log/partitioned-log.ts'
import type { ConnectorPorts } from '../../core/ports/connector-ports.ts'
import { type MirrorOutcome, type MirrorProgress, MirrorRun } from './mirror-run.ts'
import { MirrorSource, type MirrorSourceOptions, type MirrorStart } from './mirror-source.ts'

/** What to copy, and how far. */
export interface MirrorOptions {
  readonly source: MirrorSourceOptions
  /** Directory of the log. */
  readonly directory: string
  /** Name of the copy. */
  readonly as: string
  /** Where the copy begins when it is made. Later runs go on where the last one stopped. */
  readonly from: MirrorStart
  /** End after so many records, all partitions together. */
  readonly maxRecords?: number
  /** Go on with what comes until this is aborted. Default: end where the partitions end at the start. */
  readonly follow?: AbortSignal
  readonly onBegin?: (begin: MirrorBegin) => void
  /** Called about once per second while there is something to copy. */
  readonly onProgress?: (progress: MirrorProgress) => void
}

/** With what a run begins. */
export interface MirrorBegin {
  /** The copy was made just now. */
  readonly isNew: boolean
  readonly partitions: number
}

/**
 * Copies a topic of Kafka into the embedded log, partition for partition: keys, values, headers and timestamps of all
 * committed records, in their order. Loses and doubles nothing, however often it dies and begins again.
 */
export async function mirrorTopic(ports: ConnectorPorts, options: MirrorOptions): Promise<MirrorOutcome> {
  const log = new PartitionedLog(ports, options.directory)
  const existing = await log.findTopic(options.as)
  // Before Kafka is asked anything.
  if (existing !== undefined) mirrorOriginOf(existing)
  const source = await MirrorSource.open(ports, options.source)
  try {
    if (existing === undefined) await createMirror(log, options.as, await source.originAt(options.from))
    const mirror = await openMirror(log, options.as)
    try {
      return await copy({ ports, source, mirror, isNew: existing === undefined }, options)
    } finally {
      await mirror.close()
    }
  } finally {
    await source.close()
  }
}

interface Parts {
  readonly ports: ConnectorPorts
  readonly source: MirrorSource
  readonly mirror: MirrorAppender
  readonly isNew: boolean
}

async function copy({ isNew, ...parts }: Parts, options: MirrorOptions): Promise<MirrorOutcome> {
  const { source, mirror } = parts
  const { maxRecords = Number.POSITIVE_INFINITY, follow, onBegin, onProgress } = options
  source.checkCopy(mirror.topic, mirror.origin)
  await source.checkOffsets(source.places.map(({ partition }) => mirror.position(partition).offset))
  const ends = follow === undefined ? await source.offsets('latest') : undefined
  onBegin?.({ isNew, partitions: source.places.length })
  return new MirrorRun({ ...parts, ends, maxRecords, follow, onProgress }).run()
}
