import { MillraceError } from '../../../core/model/errors.ts'
import { suggestion } from '../../../core/model/nearest.ts'
import { isTopicName } from '../../../core/model/topic-name.ts'
import { CLIENTS, type KafkaClientChoice } from './open-client.ts'

/** Throws `MR_OPTION_INVALID` for what cannot be the name of a topic. */
export function checkTopicName(where: string, name: string): void {
  if (isTopicName(name)) return
  const rule = 'a name has 1 to 249 of the letters a–z, A–Z, digits, ".", "_" and "-"'
  throw new MillraceError('MR_OPTION_INVALID', `${where}: topic "${name}": ${rule}`)
}

/** The client to use; throws `MR_OPTION_INVALID` for one that does not exist. */
export function resolveClient(where: string, client: KafkaClientChoice = 'platformatic'): KafkaClientChoice {
  if (typeof client === 'function' || CLIENTS.includes(client)) return client
  throw new MillraceError(
    'MR_OPTION_INVALID',
    `${where}: client "${String(client)}"${suggestion(String(client), CLIENTS)}`,
  )
}
