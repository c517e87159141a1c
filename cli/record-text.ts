import type { LogRecord } from '../connectors/log/tail.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A record of the log as one line: place, time, key, value, headers. */
export function recordText(record: LogRecord): string {
  const { partition, offset, timestamp, key, value, headers } = record
  const time = new Date(timestamp).toISOString()
  const line = [`${partition}:${offset}`, time, key === null ? '-' : shown(key), value === null ? '-' : shown(value)]
  const names = headers.map((header) => `${header.key}=${header.value === null ? '' : shown(header.value)}`)
  return [...line, ...names].join('\t')
}

/** The same as plain data; bytes that are no text come as base64, under another name. */
export function recordFields(record: LogRecord): object {
  const { partition, offset, timestamp, key, value, headers } = record
  return {
    partition,
    offset,
    timestamp,
    ...bytesFields('key', key),
    ...bytesFields('value', value),
    headers: headers.map((header) => ({ key: header.key, ...bytesFields('value', header.value) })),
  }
}

function bytesFields(name: string, bytes: Uint8Array | null): object {
  if (bytes === null) return { [name]: null }
  const text = textOf(bytes)
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') } : { [name]: text }
}

function shown(bytes: Uint8Array): string {
  const text = textOf(bytes)
  if (text === undefined) return `base64:${Buffer.from(bytes).toString('base64')}`
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
