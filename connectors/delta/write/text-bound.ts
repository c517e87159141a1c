const PREFIX_UNITS = 32
const LAST_ASCII = '\u007f'
const LAST_CODE_POINT = 0x10ffff

/**
 * A string bound of 32 UTF-16 units and few more, that never cuts a surrogate pair. An upper bound that is cut gets a
 * character above what was cut off. There is always one: deltalake finds no row of a file where a bound is missing that
 * other files have.
 */
export function boundOfText(text: string, side: 'min' | 'max'): string {
  if (text.length <= PREFIX_UNITS) return text
  const cut = wholeCharacters(text, PREFIX_UNITS)
  return side === 'min' ? text.slice(0, cut) : upperBound(text, cut)
}

function upperBound(text: string, shortest: number): string {
  for (let cut = shortest; ; cut += 2) {
    const next = text.codePointAt(cut)
    if (next === undefined) return text
    if (next < LAST_ASCII.charCodeAt(0)) return text.slice(0, cut) + LAST_ASCII
    if (next < LAST_CODE_POINT) return text.slice(0, cut) + String.fromCodePoint(LAST_CODE_POINT)
    // What follows is the last code point itself, two units: nothing is above it, so the prefix takes it in.
  }
}

function wholeCharacters(text: string, units: number): number {
  const last = text.charCodeAt(units - 1)
  return last >= 0xd800 && last <= 0xdbff ? units - 1 : units
}
