import { crc32c as checksum } from '@platformatic/wasm-utils'

/**
 * CRC-32C (Castagnoli) of the bytes as an unsigned 32-bit number; about 1.3 GB/s.
 *
 * @example
 * crc32c(Buffer.from('123456789')) // 0xe3069283
 */
export function crc32c(bytes: Uint8Array): number {
  // The package writes into a view of its own memory that may be detached; only a non-empty input renews the view.
  return bytes.length === 0 ? 0 : checksum(bytes)
}
