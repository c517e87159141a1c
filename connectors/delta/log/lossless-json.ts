/** What lossless JSON holds: whole numbers beyond ±2^53 are `bigint`. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** Parses JSON so that 64-bit whole numbers stay exact. Throws `SyntaxError`. */
export function parseJson(text: string): unknown {
  // Most lines hold no number that long, and the plain parser is several times faster.
  return /\d{16}/.test(text) ? JSON.parse(text, keepWholeNumbers) : JSON.parse(text)
}

/** The inverse of {@link parseJson}; members that are `undefined` are left out. */
export function writeJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${writeJson(member)}`).join(',')}}`
}

function keepWholeNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  return /^-?\d+$/.test(source) ? BigInt(source) : value
}
