import { type Command, Option } from 'commander'
import {
  type KafkaConnectionOptions,
  type KafkaSasl,
  type KafkaTls,
  MECHANISMS,
  type SaslMechanism,
} from '../connectors/kafka/client/connection-options.ts'
import { CLIENTS } from '../connectors/kafka/client/open-client.ts'
import { MillraceError } from '../core/model/errors.ts'
import { openFileStore } from '../platform/system/file-store.ts'
import type { Session } from './session.ts'

/** How to reach a cluster, on a command line. */
export interface KafkaFlags {
  readonly brokers: string
  readonly client: (typeof CLIENTS)[number]
  readonly tls?: true
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly saslMechanism?: SaslMechanism
  readonly saslUsername?: string
}

const PASSWORD_VARIABLE = 'KAFKA_SASL_PASSWORD'
const TOKEN_VARIABLE = 'KAFKA_SASL_TOKEN'

export function addKafkaFlags(command: Command): Command {
  return command
    .option('--brokers <list>', 'bootstrap brokers, host:port with commas', 'localhost:9092')
    .addOption(
      new Option('--client <client>', 'library that talks to the brokers').choices(CLIENTS).default(CLIENTS[0]),
    )
    .option('--tls', 'encrypt, and trust the authorities of Node.js')
    .option('--tls-ca <file>', 'encrypt, and trust these authorities (PEM)')
    .option('--tls-cert <file>', 'certificate of the client (PEM), with --tls-key')
    .option('--tls-key <file>', 'its key (PEM)')
    .addOption(new Option('--sasl-mechanism <mechanism>', 'how to authenticate').choices(MECHANISMS))
    .option(
      '--sasl-username <name>',
      `user; the password is read from ${PASSWORD_VARIABLE}, a token from ${TOKEN_VARIABLE}`,
    )
}

/** What the flags, the files that they name and the environment say. Throws `MR_FILE_MISSING`, `MR_USAGE`. */
export async function kafkaConnection(
  flags: KafkaFlags,
  env: Session['env'],
): Promise<KafkaConnectionOptions & Pick<KafkaFlags, 'client'>> {
  const { brokers, client } = flags
  const [tls, sasl] = [await tlsOf(flags), saslOf(flags, env)]
  return { brokers, client, ...(tls === undefined ? {} : { tls }), ...(sasl === undefined ? {} : { sasl }) }
}

async function tlsOf({ tls, tlsCa, tlsCert, tlsKey }: KafkaFlags): Promise<KafkaTls | undefined> {
  const files = openFileStore()
  const named = Object.entries({ ca: tlsCa, cert: tlsCert, key: tlsKey })
  const read: Record<string, Uint8Array> = {}
  for (const [name, path] of named) if (path !== undefined) read[name] = await files.read(path)
  return tls === undefined && Object.keys(read).length === 0 ? undefined : read
}

function saslOf(
  { saslMechanism: mechanism, saslUsername: username }: KafkaFlags,
  env: Session['env'],
): KafkaSasl | undefined {
  if (mechanism === undefined) {
    if (username === undefined) return undefined
    throw new MillraceError('MR_USAGE', `--sasl-username needs --sasl-mechanism: ${MECHANISMS.join(', ')}`)
  }
  const [password, token] = [env[PASSWORD_VARIABLE], env[TOKEN_VARIABLE]]
  if (mechanism === 'OAUTHBEARER') {
    if (token !== undefined) return { mechanism, token }
    throw new MillraceError('MR_USAGE', `--sasl-mechanism ${mechanism} needs a token in ${TOKEN_VARIABLE}`)
  }
  if (username !== undefined && password !== undefined) return { mechanism, username, password }
  const needs = `needs --sasl-username and the password in ${PASSWORD_VARIABLE}`
  throw new MillraceError('MR_USAGE', `--sasl-mechanism ${mechanism} ${needs}`)
}
