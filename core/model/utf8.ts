/**
 * Text of UTF-8 bytes, all of it. A plain TextDecoder leaves out U+FEFF at the beginning, as it may be a byte order mark of a
 * document; in a value it is a character like any other.
 */
export const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
