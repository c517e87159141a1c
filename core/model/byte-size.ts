import { MillraceError } from './errors.ts'

/** A number of bytes, or text such as `512MiB` or `2GiB`. */
export type ByteSize = number | `${number}${'B' | 'KiB' | 'MiB' | 'GiB' | 'TiB'}`

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

/** Bytes of a {@link ByteSize}. Throws `MR_OPTION_INVALID` naming `where` for anything else, and where it is not above 0. */
export function sizeBytes(where: string, size: ByteSize): number {
  const match = typeof size === 'string' ? /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/.exec(size) : null
  const value = typeof size === 'number' ? size : match ? Number(match[1]) * UNITS[match[2]!]! : Number.NaN
  if (Number.isFinite(value) && value > 0) return Math.floor(value)
  throw new MillraceError(
    'MR_OPTION_INVALID',
    `${where}: "${size}" is no size; write bytes, or for example 512MiB, 2GiB`,
  )
}

/** A size for people: two digits after the point at most. */
export function sizeText(bytes: number): string {
  let text = `${Math.round(bytes)} B`
  for (const [unit, factor] of Object.entries(UNITS)) {
    if (factor > 1 && bytes >= factor) text = `${Math.round((100 * bytes) / factor) / 100} ${unit}`
  }
  return text
}
