import assert from 'node:assert/strict'
import { it } from 'node:test'
import { missingText, releaseText } from '../../../connectors/kafka/diagnosis/kafka-version.ts'
import { kafka } from '../../../connectors/kafka/index.ts'
import { systemPorts } from '../../../platform/system/system-ports.ts'
import { MemoryKafka } from '../../platform/mirror/memory-kafka.ts'
import { suiteContract } from '../suite-records.ts'

const fetch = (least: number, most: number) => new Map([[1, { least, most }]])

it('tells the release of a broker by the versions of Fetch that it offers', () => {
  const releases = [
    [fetch(0, 11), 'Kafka before 3.1, by Fetch 0 to 11'],
    [fetch(0, 13), 'Kafka 3.1 to 3.4, by Fetch 0 to 13'],
    [fetch(0, 15), 'Kafka 3.5 or 3.6, by Fetch 0 to 15'],
    [fetch(0, 16), 'Kafka 3.7 or 3.8, by Fetch 0 to 16'],
    [fetch(4, 17), 'Kafka 3.9 or 4.0, by Fetch 4 to 17'],
    [fetch(4, 99), 'Kafka 4.1 or later, by Fetch 4 to 99'],
  ] as const
  for (const [offered, text] of releases) assert.equal(releaseText(offered), text)
})

it('names the requests that a broker does not take', () => {
  const needs = [
    { name: 'Fetch', key: 1, least: 13, most: 17 },
    { name: 'Produce', key: 0, least: 9, most: 9 },
  ]
  const text = 'Fetch 13 to 17 is needed, it offers 0 to 12; Produce 9 is needed, it offers none'
  assert.equal(missingText(needs, fetch(0, 12)), text)
  assert.equal(missingText(needs.slice(0, 1), fetch(17, 30)), '')
  assert.match(missingText(needs.slice(0, 1), fetch(18, 30)), /^Fetch 13 to 17 is needed, it offers 18 to 30$/)
})

it('a client that cannot be asked about single brokers is a warning, and is closed', async () => {
  const memory = new MemoryKafka([[]])
  const spec = kafka({ topics: 'orders', contract: suiteContract, client: memory.connect })
  const diagnosis = await spec.diagnose?.({ ...systemPorts({ pipeline: 'test' }), positions: new Map() })
  assert.deepEqual(
    diagnosis?.findings.map(({ kind, subject }) => [kind, subject]),
    [['warning', 'client']],
  )
  assert.deepEqual(diagnosis.topics, ['orders'])
  assert.equal(memory.open, 0)
})
