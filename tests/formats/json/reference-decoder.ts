import type { Contract } from '../../../core/model/contract.ts'
import type { ErrorCode } from '../../../core/model/error-codes.ts'
import type { FieldType, FieldValue } from '../../../core/model/field-type.ts'

/** What the decoder must answer for one record: the values in the order of the schema, or the code of the violation. */
export type Answer =
  | { readonly kind: 'values'; readonly values: readonly FieldValue[] }
  | { readonly kind: 'violation'; readonly code: ErrorCode }

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs
const violation = (code: ErrorCode): Answer => ({ kind: 'violation', code })

/**
 * The slow, strict oracle of the decoder: TextDecoder judges UTF-8, JSON.parse the grammar, and a list of tokens gives
 * what JSON.parse hides: keys that repeat, the order, the source text of numbers. Shares no code with the decoder.
 */
export function decodeReference(contract: Contract<unknown>, bytes: Uint8Array): Answer {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return violation('MR_RECORD_UTF8')
  }
  if (!/^[ \t\r\n]*\{/.test(text)) return violation('MR_RECORD_JSON')
  if (isTooDeep(text)) return violation('MR_RECORD_NESTING')
  if (!parses(text)) return violation('MR_RECORD_JSON')
  return decodeMembers(contract, membersOf(text))
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Whether a 65th container opens where a value may stand: a number there, and the rest closed, is good JSON then. */
function isTooDeep(text: string): boolean {
  const open: string[] = []
  for (const match of text.matchAll(TOKEN)) {
    if (match[0] === '{' || match[0] === '[') {
      if (open.length === 64) return parses(`${text.slice(0, match.index)} 0 ${open.reverse().join('')}`)
      open.push(match[0] === '{' ? '}' : ']')
    } else if (match[0] === '}' || match[0] === ']') open.pop()
  }
  return false
}

/** Key and value of each member of the outer object, as source text. */
function membersOf(text: string): readonly (readonly [string, string])[] {
  const members: [string, string][] = []
  let depth = 0
  let member: string[] = []
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '}' || token === ']') depth--
    const isEnd = (depth === 1 && token === ',') || depth === 0
    if (isEnd && member.length > 0) members.push([member[0]!, member.slice(2).join('')])
    if (isEnd) member = []
    else member.push(token)
    if (token === '{' || token === '[') depth++
  }
  return members
}

function decodeMembers(contract: Contract<unknown>, members: readonly (readonly [string, string])[]): Answer {
  const found = new Map<string, FieldValue>()
  for (const [key, source] of members) {
    const outcome = decodeMember(contract, key, source)
    if (outcome === undefined) continue
    if (isCode(outcome)) return violation(outcome.code)
    if (found.has(outcome.name)) return violation('MR_RECORD_DUPLICATE_KEY')
    if (isCode(outcome.value)) return violation(outcome.value.code)
    found.set(outcome.name, outcome.value)
  }
  const isMissing = contract.schema.fields.some((field) => !field.optional && !found.has(field.name))
  if (isMissing) return violation('MR_RECORD_MISSING_FIELD')
  return { kind: 'values', values: contract.schema.fields.map((field) => found.get(field.name)) }
}

interface Decoded {
  readonly name: string
  readonly value: FieldValue | Code
}

/** A field of the contract and its value or what is wrong with that; what is wrong with the key; nothing to keep. */
function decodeMember(contract: Contract<unknown>, key: string, source: string): Decoded | Code | undefined {
  const name: string = JSON.parse(key)
  const field = contract.schema.fields.find((candidate) => candidate.name === name)
  if (!name.isWellFormed()) return UTF8
  if (field === undefined) {
    if (contract.unknownFields === 'refuse') return { code: 'MR_RECORD_UNKNOWN_FIELD' }
    return hasLoneSurrogate(source) ? UTF8 : undefined
  }
  if (source !== 'null') return { name, value: decodeValue(field.type, source) }
  return { name, value: field.optional ? undefined : { code: 'MR_RECORD_MISSING_FIELD' } }
}

interface Code {
  readonly code: ErrorCode
}

const TYPE: Code = { code: 'MR_RECORD_TYPE' }
const RANGE: Code = { code: 'MR_RECORD_RANGE' }
const UTF8: Code = { code: 'MR_RECORD_UTF8' }

function isCode(value: FieldValue | Decoded | Code): value is Code {
  return typeof value === 'object' && 'code' in value
}

function hasLoneSurrogate(source: string): boolean {
  return [...source.matchAll(TOKEN)].some(
    ([token]) => token.startsWith('"') && !String(JSON.parse(token)).isWellFormed(),
  )
}

function decodeValue(type: FieldType, source: string): FieldValue | Code {
  if (source.startsWith('"')) return decodeText(type, JSON.parse(source))
  if (type.kind === 'boolean') return source === 'true' || source === 'false' ? source === 'true' : TYPE
  return /^[-\d]/.test(source) ? decodeNumber(type, source) : TYPE
}

function decodeText(type: FieldType, text: string): FieldValue | Code {
  if (!['string', 'binary', 'date', 'timestamp', 'decimal'].includes(type.kind)) return TYPE
  if (!text.isWellFormed()) return UTF8
  if (type.kind === 'date') return decodeDate(text)
  if (type.kind === 'timestamp') return decodeInstant(text)
  if (type.kind === 'decimal')
    return /^[-\d]/.test(text) && text.trim() === text && parses(text) ? decodeNumber(type, text) : TYPE
  if (type.kind === 'string') return text
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : TYPE
}

function decodeDate(text: string): FieldValue | Code {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return TYPE
  return isDay(text) ? text : RANGE
}

function decodeInstant(text: string): FieldValue | Code {
  const match = /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(text)
  if (match === null) return TYPE
  const [, day = '', hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match
  const isClock = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
  if (!isDay(day) || !isClock || Number(offsetHour) > 23 || Number(offsetMinute) > 59) return RANGE
  const minutes = (60 * Number(offsetHour) + Number(offsetMinute)) * (sign === '-' ? -1 : 1)
  const millis = Date.parse(`${day}T${hour}:${minute}:${second}Z`) - 60_000 * minutes
  return instant(BigInt(millis) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6)))
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

const LIMIT = 2n ** 53n

function instant(micros: bigint): FieldValue | Code {
  return micros > -LIMIT && micros < LIMIT ? Number(micros) / 1000 : RANGE
}

function decodeNumber(type: FieldType, source: string): FieldValue | Code {
  if (type.kind === 'float64') return Number.isFinite(Number(source)) ? Number(source) : RANGE
  if (type.kind === 'timestamp') return instant(roundedMicros(source))
  if (type.kind === 'decimal') return decodeDecimal(type, source)
  if (type.kind !== 'int32' && type.kind !== 'int64' && type.kind !== 'integer') return TYPE
  const [numerator, denominator] = ratio(source)
  if (numerator % denominator !== 0n) return TYPE
  const value = numerator / denominator
  const bits = type.kind === 'int32' ? 32 : type.kind === 'int64' ? 64 : 54
  if (BigInt.asIntN(bits, value) !== value || (type.kind === 'integer' && value === -LIMIT)) return RANGE
  return type.kind === 'int64' ? value : Number(value)
}

function decodeDecimal(
  type: { readonly precision: number; readonly scale: number },
  source: string,
): FieldValue | Code {
  const [numerator, denominator] = ratio(source)
  const shifted = numerator * 10n ** BigInt(type.scale)
  const unscaled = shifted / denominator
  const size = unscaled < 0n ? -unscaled : unscaled
  if (shifted % denominator !== 0n || size >= 10n ** BigInt(type.precision)) return RANGE
  const digits = String(size).padStart(type.scale + 1, '0')
  const point = digits.length - type.scale
  return (unscaled < 0n ? '-' : '') + digits.slice(0, point) + (type.scale === 0 ? '' : `.${digits.slice(point)}`)
}

function roundedMicros(source: string): bigint {
  const [numerator, denominator] = ratio(source)
  const size = numerator < 0n ? -numerator : numerator
  const micros = (2n * 1000n * size + denominator) / (2n * denominator)
  return numerator < 0n ? -micros : micros
}

/** A number of JSON text as a fraction. Exponents beyond ±2000 are cut there: no type tells such numbers apart. */
function ratio(source: string): readonly [bigint, bigint] {
  const [, sign, whole = '', fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source)!
  const exponent = BigInt(Math.max(-2000, Math.min(2000, Number(power)))) - BigInt(fraction.length)
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n)
  return exponent >= 0n ? [digits * 10n ** exponent, 1n] : [digits, 10n ** -exponent]
}
