/** A record that breaks the contract, and the code under which it must become a dead letter. */
export interface Violation {
  readonly code: string
  readonly value: Uint8Array
}

interface Spoiling {
  readonly code: string
  readonly spoil: (json: string) => string
}

const INVALID_BYTE = '\u0000'
const encoder = new TextEncoder()

const replacing =
  (pattern: RegExp, replacement: string): Spoiling['spoil'] =>
  (json) =>
    json.replace(pattern, replacement)

/** One of each kind of breach that a producer has been seen to commit. */
const SPOILINGS: readonly Spoiling[] = [
  { code: 'MR_RECORD_JSON', spoil: (json) => json.slice(0, json.length >> 1) },
  { code: 'MR_RECORD_JSON', spoil: (json) => `${json}}` },
  { code: 'MR_RECORD_JSON', spoil: (json) => `[${json}]` },
  { code: 'MR_RECORD_JSON', spoil: () => '' },
  { code: 'MR_RECORD_TYPE', spoil: replacing(/"amount_cents":/, '"amount_cents":"12","was":') },
  { code: 'MR_RECORD_TYPE', spoil: replacing(/"amount_cents":/, '"amount_cents":1.5,"was":') },
  { code: 'MR_RECORD_TYPE', spoil: replacing(/"region":/, '"region":7,"was":') },
  { code: 'MR_RECORD_TYPE', spoil: replacing(/"event_ts":/, '"event_ts":"yesterday","was":') },
  { code: 'MR_RECORD_MISSING_FIELD', spoil: replacing(/"region":/, '"was":') },
  { code: 'MR_RECORD_MISSING_FIELD', spoil: replacing(/"kind":/, '"kind":null,"was":') },
  { code: 'MR_RECORD_DUPLICATE_KEY', spoil: replacing(/"kind":/, '"kind":"purchase","kind":') },
  { code: 'MR_RECORD_RANGE', spoil: replacing(/"event_ts":/, '"event_ts":"2024-02-30T00:00:00Z","was":') },
  { code: 'MR_RECORD_RANGE', spoil: replacing(/"amount_cents":/, '"amount_cents":9007199254740993,"was":') },
  { code: 'MR_RECORD_RANGE', spoil: (json) => withUser(json, '9223372036854775808') },
  { code: 'MR_RECORD_UTF8', spoil: replacing(/"note":"/, '"note":"\\ud800') },
  { code: 'MR_RECORD_UTF8', spoil: replacing(/"note":"/, `"note":"${INVALID_BYTE}`) },
  { code: 'MR_RECORD_NESTING', spoil: replacing(/"kind":/, `"deep":${'['.repeat(300)}${']'.repeat(300)},"kind":`) },
]

/** Spoils a valid record; `choice` picks the way. */
export function violationOf(json: string, choice: number): Violation {
  const { code, spoil } = SPOILINGS[choice % SPOILINGS.length]!
  const value = encoder.encode(spoil(json))
  const at = value.indexOf(0)
  if (at >= 0) value[at] = 0xff
  return { code, value }
}

function withUser(json: string, user: string): string {
  return json.replace(/"user_id":(null|\d+),/, '').replace(/"event_ts":/, `"user_id":${user},"event_ts":`)
}
