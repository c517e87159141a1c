import { BytePool } from './byte-pool.ts'
import { draw } from './draw.ts'
import { violationOf } from './violations.ts'

/** An event as the contract of this example describes it. */
export interface CuratedEvent {
  readonly event_id: string
  readonly source_system: string
  readonly user_id: bigint | undefined
  /** Epoch ms. */
  readonly event_ts: number
  readonly region: string
  readonly amount_cents: number
  readonly kind: string
  readonly note: string
}

/** What a correct pipeline makes of a record. */
export type Expected =
  /** Keeps the contract and has a positive amount; one record of each `key` is kept. */
  | { readonly class: 'valid'; readonly key: string; readonly event: CuratedEvent }
  /** Keeps the contract, but its amount is not positive. */
  | { readonly class: 'filtered'; readonly event: CuratedEvent }
  /** Breaks the contract: one dead letter under `code`. */
  | { readonly class: 'violation'; readonly code: string }
  /** No value. */
  | { readonly class: 'tombstone' }

/** One record with its place and what is to become of it. */
export interface GeneratedRecord {
  readonly sequence: number
  readonly split: number
  /** Offset in its split where the splits were empty before sequence 0. */
  readonly offset: number
  readonly timestampMs: number
  readonly recordKey: Uint8Array | null
  readonly value: Uint8Array | null
  readonly expected: Expected
}

export interface EventOptions {
  readonly seed: number
  readonly splits: number
  /** Share of records that repeat an earlier event with another payload. Default 0.05. */
  readonly duplicateShare?: number
  /** Share of records that break the contract. Default 0.01. */
  readonly violationShare?: number
  /** Share of records without a value. Default 0.002. */
  readonly tombstoneShare?: number
  /** Share of events whose amount is not positive. Default 0.03. */
  readonly filteredShare?: number
  /** Share of records without a key. Default 0.05. */
  readonly nullKeyShare?: number
  /** Event time of sequence 0, epoch ms. Default 2024-03-01T00:00:00Z. */
  readonly startTimeMs?: number
  /** Event time between two events, ms. Default 40: a million events span half a day. */
  readonly eventEveryMs?: number
}

const SOURCES = ['web', 'ios', 'android', 'store', 'partner']
const REGIONS = ['eu-central', 'eu-west', 'us-east', 'us-west', 'apac/tokyo', 'latam/são-paulo']
const KINDS = ['purchase', 'refund', 'renewal', 'top_up']
const NOTES = [
  'paid by card',
  'gift for a friend',
  'says "thanks"',
  'back\\slash',
  'line\nbreak',
  'Grüße aus Köln',
  '東京より',
  'party 🎉',
]
const ESCAPED_NOTES = NOTES.map((note) => JSON.stringify(note).slice(1, -1))
const REPEAT_NOTE = 'sent again'
const ODD_FIELDS = [
  ',"extra":[1,{"a":null}]',
  ',"__proto__":{"amount_cents":1}',
  ',"constructor":"x"',
  ',"b":1.5e3,"b":2',
]
/** How far back a duplicate may look for the event that it repeats. */
const DUPLICATE_REACH = 400

/** Which property of a record a drawn number decides. */
const FOR = {
  role: 1,
  reach: 2,
  id: 3,
  source: 4,
  user: 5,
  time: 6,
  region: 7,
  amount: 8,
  kind: 9,
  note: 10,
  form: 11,
  key: 12,
  split: 13,
  violation: 14,
} as const

/**
 * Makes the records with sequence numbers [from, to), in order. Each record is a function of the options and its
 * number alone, so that a later call goes on exactly where an earlier one stopped.
 *
 * @example
 * const first = generateEvents({ from: 0, to: 1000 }, { seed: 1, splits: 4 })
 */
export function generateEvents(
  range: { readonly from: number; readonly to: number },
  options: EventOptions,
): GeneratedRecord[] {
  const settings = { ...DEFAULTS, ...options, pool: new BytePool() }
  const records: GeneratedRecord[] = []
  for (let sequence = range.from; sequence < range.to; sequence++) records.push(recordAt(sequence, settings))
  return records
}

const DEFAULTS = {
  duplicateShare: 0.05,
  violationShare: 0.01,
  tombstoneShare: 0.002,
  filteredShare: 0.03,
  nullKeyShare: 0.05,
  startTimeMs: Date.UTC(2024, 2, 1),
  eventEveryMs: 40,
} as const

interface Settings extends Required<EventOptions> {
  readonly pool: BytePool
}

function recordAt(sequence: number, settings: Settings): GeneratedRecord {
  const role = roleOf(sequence, settings)
  const event = eventAt(sequence, { role, settings })
  const { value, expected } = contentOf(sequence, event, { role, settings })
  return {
    sequence,
    split: splitOf(sequence, settings),
    offset: Math.floor(sequence / settings.splits),
    timestampMs: settings.startTimeMs + sequence * settings.eventEveryMs,
    recordKey:
      draw(settings.seed, sequence, FOR.key) < settings.nullKeyShare ? null : settings.pool.encode(event.event_id),
    value,
    expected,
  }
}

type Role = 'tombstone' | 'violation' | 'duplicate' | 'original'

function roleOf(sequence: number, settings: Settings): Role {
  const share = draw(settings.seed, sequence, FOR.role)
  if (share < settings.tombstoneShare) return 'tombstone'
  if (share < settings.tombstoneShare + settings.violationShare) return 'violation'
  return share < settings.tombstoneShare + settings.violationShare + settings.duplicateShare ? 'duplicate' : 'original'
}

interface Making {
  readonly role: Role
  readonly settings: Settings
}

function eventAt(sequence: number, { role, settings }: Making): CuratedEvent {
  const first = role === 'duplicate' ? repeatedBy(sequence, settings) : sequence
  const isRepeat = first !== sequence
  const { event_id, source_system } = identityAt(first, settings)
  const time =
    settings.startTimeMs + first * settings.eventEveryMs - Math.floor(draw(settings.seed, first, FOR.time) * 2000)
  const amount = draw(settings.seed, sequence, FOR.amount)
  return {
    event_id,
    source_system,
    user_id: userAt(first, settings),
    event_ts: isRepeat ? time + Math.floor(draw(settings.seed, sequence, FOR.time) * 2000) : time,
    region: REGIONS[Math.floor(draw(settings.seed, first, FOR.region) * REGIONS.length)]!,
    amount_cents:
      amount < settings.filteredShare
        ? -Math.floor((amount / settings.filteredShare) * 5000)
        : 1 + Math.floor(amount * 50_000),
    kind: KINDS[Math.floor(draw(settings.seed, first, FOR.kind) * KINDS.length)]!,
    note: isRepeat ? `${REPEAT_NOTE} ${sequence}` : NOTES[noteIndex(sequence, settings)]!,
  }
}

/** The event that a duplicate repeats; itself where it finds none. */
function repeatedBy(sequence: number, settings: Settings): number {
  const first = sequence - 1 - Math.floor(draw(settings.seed, sequence, FOR.reach) * DUPLICATE_REACH)
  return first >= 0 && roleOf(first, settings) === 'original' ? first : sequence
}

/** Few events share their event_id with their forerunner and differ in source_system only: both are to be kept. */
function identityAt(sequence: number, settings: Settings): Pick<CuratedEvent, 'event_id' | 'source_system'> {
  const isSibling =
    sequence > 0 && draw(settings.seed, sequence, FOR.id) < 0.004 && roleOf(sequence - 1, settings) === 'original'
  const owner = isSibling ? sequence - 1 : sequence
  const source = Math.floor(draw(settings.seed, owner, FOR.source) * SOURCES.length) + (isSibling ? 1 : 0)
  const word = Math.floor(draw(settings.seed, owner, FOR.id) * 4294967296)
  return {
    event_id: `${word.toString(16).padStart(8, '0')}-${owner}`,
    source_system: SOURCES[source % SOURCES.length]!,
  }
}

function userAt(sequence: number, settings: Settings): bigint | undefined {
  const share = draw(settings.seed, sequence, FOR.user)
  if (share < 0.08) return undefined
  // Beyond 2^53: a double would round it.
  return share < 0.1 ? 9_007_199_254_740_993n + BigInt(sequence) : BigInt(Math.floor(share * 100_000))
}

function contentOf(
  sequence: number,
  event: CuratedEvent,
  { role, settings }: Making,
): Pick<GeneratedRecord, 'value' | 'expected'> {
  if (role === 'tombstone') return { value: null, expected: { class: 'tombstone' } }
  const json = jsonOf(event, ESCAPED_NOTES[noteIndex(sequence, settings)]!, draw(settings.seed, sequence, FOR.form))
  if (role === 'violation') {
    const { code, value } = violationOf(json, Math.floor(draw(settings.seed, sequence, FOR.violation) * 1000))
    return { value, expected: { class: 'violation', code } }
  }
  const value = settings.pool.encode(json)
  if (event.amount_cents <= 0) return { value, expected: { class: 'filtered', event } }
  return { value, expected: { class: 'valid', key: `${event.event_id}|${event.source_system}`, event } }
}

function noteIndex(sequence: number, settings: Settings): number {
  return Math.floor(draw(settings.seed, sequence, FOR.note) * NOTES.length)
}

/** The same event in one of the ways in which producers write it. */
function jsonOf(event: CuratedEvent, escapedNote: string, form: number): string {
  const user = event.user_id === undefined ? (form < 0.5 ? '' : '"user_id":null,') : `"user_id":${event.user_id},`
  const time = form < 0.2 ? `"${new Date(event.event_ts).toISOString()}"` : `${event.event_ts}`
  const odd = form > 0.99 ? ODD_FIELDS[Math.floor(form * 10_000) % ODD_FIELDS.length]! : ''
  const space = form > 0.97 ? ' ' : ''
  const note = event.note.startsWith(REPEAT_NOTE) ? event.note : escapedNote
  return (
    `${space}{"event_id":"${event.event_id}","source_system":"${event.source_system}",${user}"event_ts":${time},` +
    `"region":${space}"${event.region}","amount_cents":${event.amount_cents},"kind":"${event.kind}","note":"${note}"${odd}${space}}`
  )
}

function splitOf(sequence: number, settings: Settings): number {
  // Each block of `splits` records puts one into every split, so offsets need no counting from the start.
  const { splits } = settings
  const turn = draw(settings.seed, Math.floor(sequence / splits), FOR.split)
  const shift = Math.floor(turn * splits)
  const place = sequence % splits
  return (shift + (turn * splits - shift < 0.5 ? place : splits - place)) % splits
}
