import { headersOf, type RecordBatchView } from '../../../formats/record-batch/decode.ts'
import type { FoundRecord } from '../check-end.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'

/** All committed records of a topic as they lie in its logs, none where it does not exist. */
export function committedRecords(cluster: SimulatedCluster, topic: string): readonly FoundRecord[] {
  if (!cluster.topics.includes(topic)) return []
  return cluster.topic(topic).partitions.flatMap(({ log }) => log.committed().flatMap(recordsOf))
}

function recordsOf(view: RecordBatchView): readonly FoundRecord[] {
  const { buffer, valueStarts, valueLengths } = view
  return Array.from({ length: view.count }, (_, i) => {
    const texts = headersOf(view, i).map(({ key, value }) => [key, new TextDecoder().decode(value ?? undefined)])
    const length = valueLengths[i]!
    const value = length < 0 ? null : buffer.subarray(valueStarts[i]!, valueStarts[i]! + length)
    return { headers: Object.fromEntries(texts), value }
  })
}
