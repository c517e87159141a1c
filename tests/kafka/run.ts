import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { joinFromSources } from '../../scripts/join-kafka-client.ts'
import { KAFKA_VERSION, KafkaBroker, missingForBroker } from '../../scripts/kafka/broker.ts'

/**
 * Runs the tests of this folder, or those that are named, against the brokers of `KAFKA_BROKERS`, or against one that is started for them.
 * `--joined`: with the package of the Kafka client as the published package has it, in one file.
 */
const folder = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const given = process.env.KAFKA_BROKERS
const missing = given === undefined ? missingForBroker() : undefined
if (missing !== undefined) {
  process.stdout.write(`skipped: no broker: ${missing}\n`)
  process.exitCode = process.env.CI === 'true' ? 1 : 0
} else if (given !== undefined) {
  process.exitCode = await runTests(given)
} else {
  const broker = await KafkaBroker.start()
  process.stdout.write(`Apache Kafka ${KAFKA_VERSION} at ${broker.bootstrap}\n`)
  try {
    process.exitCode = await runTests(broker.bootstrap)
  } finally {
    await broker.stop()
  }
}

async function runTests(brokers: string): Promise<number> {
  const { values, positionals: named } = parseArgs({ allowPositionals: true, options: { joined: { type: 'boolean' } } })
  const joined = values.joined === true ? await joinedClient() : undefined
  const tests = named.length > 0 ? named : globSync('*.test.ts', { cwd: folder }).sort()
  const imports = joined === undefined ? [] : ['--import', new URL('joined-client.ts', import.meta.url).href]
  const child = spawn(
    process.execPath,
    ['-C', 'millrace-source', ...imports, '--test', '--test-concurrency=2', ...tests],
    {
      cwd: folder,
      stdio: 'inherit',
      env: { ...process.env, KAFKA_BROKERS: brokers, ...(joined === undefined ? {} : { JOINED_KAFKA_CLIENT: joined }) },
    },
  )
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

async function joinedClient(): Promise<string> {
  const file = join(root, '.millrace', 'joined-kafka-client.js')
  await joinFromSources(file)
  return file
}
