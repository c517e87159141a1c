import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { KAFKA_VERSION, KafkaBroker, missingForBroker } from './broker.ts'

const USAGE = `npm run kafka [-- --port 9092] [-- COMMAND …]

Starts Apache Kafka ${KAFKA_VERSION} on loopback (Java 17 and Maven are needed; the first start downloads 43 MB) and stops it, with its
data, on Ctrl-C. With a command it runs that with KAFKA_BROKERS set, and stops when the command has ended.`

const options = { port: { type: 'string', default: '9092' }, help: { type: 'boolean', default: false } } as const
const args = process.argv.slice(2)
// The command begins with the first word and has everything behind it: its options are its own.
const { tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true })
const begin = tokens.find(({ kind }) => kind === 'positional')?.index ?? args.length
const { values } = parseArgs({ args: args.slice(0, begin), options })
const missing = missingForBroker()
if (values.help) process.stdout.write(`${USAGE}\n`)
else if (missing !== undefined) {
  process.stderr.write(`no broker can be started: ${missing}\n`)
  process.exitCode = 1
} else process.exitCode = await runBroker(Number(values.port), args.slice(begin))

async function runBroker(port: number, command: readonly string[]): Promise<number> {
  const broker = await KafkaBroker.start(command.length === 0 ? { port } : {})
  try {
    if (command.length > 0) return await runCommand(command, broker)
    process.stdout.write(`Apache Kafka ${KAFKA_VERSION} at ${broker.bootstrap}; Ctrl-C ends it\n`)
    await new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
    })
    return 0
  } finally {
    await broker.stop()
  }
}

function runCommand([program = '', ...args]: readonly string[], broker: KafkaBroker): Promise<number> {
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: {
      ...process.env,
      KAFKA_BROKERS: broker.bootstrap,
      KAFKA_BROKER_PID: String(broker.pid),
      KAFKA_BROKER_LOG: broker.logDirectory,
      KAFKA_JARS: broker.library,
    },
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
