import { z } from 'zod'
import type { RecordBatchView } from '../../formats/record-batch/decode.ts'

/** Refuses bytes that are no UTF-8, as a decoder of columns does. */
const strictText = new TextDecoder('utf-8', { fatal: true })
/** As `timestamp()` of a contract takes it. */
const isoTime = z.iso.datetime({ offset: true })

/** The contract of the events, as most would write it. */
const event = z.object({
  event_id: z.string(),
  source_system: z.string(),
  // An int64, which JSON.parse may have rounded.
  user_id: z.number().nullish(),
  event_ts: z.union([z.int(), isoTime]),
  region: z.string(),
  amount_cents: z.int(),
  kind: z.string(),
  note: z.string(),
})

/** `JSON.parse` alone; what is no UTF-8 becomes question marks. */
export function parseAll(view: RecordBatchView): void {
  const bytes = Buffer.from(view.buffer.buffer, view.buffer.byteOffset, view.buffer.length)
  for (let i = 0; i < view.count; i++) {
    const start = view.valueStarts[i]!
    JSON.parse(bytes.toString('utf8', start, start + view.valueLengths[i]!))
  }
}

/** With a check as one writes it who counts microseconds; a duplicate name or a rounded number is not noticed. */
export function parseAndCheck(view: RecordBatchView): void {
  for (let i = 0; i < view.count; i++) {
    // The checks below say what it is.
    const record = JSON.parse(strictText.decode(valueAt(view, i))) as Record<string, unknown>
    const { event_id, source_system, user_id, event_ts, region, amount_cents, kind, note } = record
    const areTexts = [event_id, source_system, region, kind, note].every((text) => typeof text === 'string')
    const time = typeof event_ts === 'string' ? Date.parse(event_ts) : event_ts
    const hasUser = user_id === undefined || user_id === null || Number.isInteger(user_id)
    if (!(areTexts && Number.isSafeInteger(time) && Number.isSafeInteger(amount_cents) && hasUser))
      throw new Error('the generator broke the contract')
  }
}

/** With the check of a well-known package. */
export function parseAndCheckByZod(view: RecordBatchView): void {
  for (let i = 0; i < view.count; i++) event.parse(JSON.parse(strictText.decode(valueAt(view, i))))
}

function valueAt({ buffer, valueStarts, valueLengths }: RecordBatchView, index: number): Uint8Array {
  const start = valueStarts[index]!
  return buffer.subarray(start, start + valueLengths[index]!)
}
