import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { KAFKA_VERSION, KafkaBroker, missingForBroker } from '../../scripts/kafka/broker.ts'

/** Runs the tests of this folder against the brokers of `KAFKA_BROKERS`, or against one that is started for them. */
const folder = fileURLToPath(new URL('.', import.meta.url))
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
  const named = process.argv.slice(2)
  const tests = named.length > 0 ? named : globSync('*.test.ts', { cwd: folder }).sort()
  const args = ['-C', 'millrace-source', '--test', '--test-concurrency=2', ...tests]
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, KAFKA_BROKERS: brokers },
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
