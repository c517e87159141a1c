import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PartitionedLog } from '../../connectors/log/index.ts'
import { systemPorts } from '../../platform/system/system-ports.ts'

const encoder = new TextEncoder()

/** A new directory of its own. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'millrace-'))
}

/** Path of a pipeline module of these tests. */
export function pipelinePath(name: string): string {
  return join(import.meta.dirname, 'pipelines', `${name}.ts`)
}

/** Appends orders number `from` to `to` (exclusive) to topic `orders` with two partitions, in `<directory>/log`. */
export async function appendOrders(directory: string, from: number, to: number): Promise<void> {
  const log = new PartitionedLog(systemPorts(), join(directory, 'log'))
  await log.createTopic('orders', 2)
  const appender = await log.openAppender('orders')
  for (const partition of [0, 1]) {
    const records = []
    for (let number = from; number < to; number++) {
      if (number % 2 === partition) records.push(orderRecord(number))
    }
    await appender.append(partition, records)
  }
  await appender.sync()
  await appender.close()
}

function orderRecord(number: number) {
  const at = Date.UTC(2026, 0, 1) + number
  const value = encoder.encode(JSON.stringify({ id: `o-${number}`, amount: (number % 100) + 1, at }))
  return { timestamp: at, key: null, value, headers: [] }
}
