import { MillraceError } from '../../../core/model/errors.ts'
import type { KafkaSasl } from './connection-options.ts'

/**
 * Password or token for one connection. Throws `MR_KAFKA_UNREACHABLE` where the user's function fails: what it asks may be away for
 * a while.
 */
export async function credentialOf(sasl: KafkaSasl, name: 'password' | 'token'): Promise<string> {
  const given = sasl[name]
  if (typeof given !== 'function') return given ?? ''
  let found: unknown
  try {
    found = await given()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `Kafka: sasl: the function of ${name} failed: ${reason}; it is asked again`
    throw new MillraceError('MR_KAFKA_UNREACHABLE', message, { cause: error })
  }
  if (typeof found === 'string' && found !== '') return found
  throw new MillraceError('MR_KAFKA_REFUSED', `Kafka: sasl: the function of ${name} gave no text; mend the option sasl`)
}

/** What a broker answers to a token in RFC 7628: nothing, or why it refuses it. */
export function refusalOfToken(answer: Uint8Array): string | undefined {
  if (answer.length === 0) return undefined
  return `it answered ${new TextDecoder().decode(answer)}; is the token expired or of another issuer?`
}
