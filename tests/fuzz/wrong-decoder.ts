import { crc32c } from '../../core/model/crc32c.ts'
import {
  type DecodeLimits,
  decodeRecordBatch as decode,
  type RecordBatchView,
} from '../../formats/record-batch/decode.ts'
import { AT, dataViewOf } from '../../formats/record-batch/layout.ts'

type Decode = typeof decode

/** Decoders with a bug each, which the fuzzer must find. */
export const BUGS: Readonly<Record<string, Decode>> = {
  'passes the CRC over': (bytes, position, limits) => {
    const copy = Uint8Array.from(bytes)
    if (copy.length > AT.records) dataViewOf(copy).setUint32(AT.crc, crc32c(copy.subarray(AT.attributes)))
    return decode(copy, position, limits)
  },
  'throws what nobody documented': (bytes, position, limits) => {
    if (bytes.length < AT.records) throw new RangeError('offset is outside the bounds of the DataView')
    return decode(bytes, position, limits)
  },
  'takes memory for what a header claims': (bytes, position, limits) => {
    const claimed = bytes.length < AT.records ? 0 : dataViewOf(bytes).getInt32(AT.recordCount)
    const memory = new Uint8Array(Math.min(2 ** 26, Math.max(0, claimed) * 40))
    return changed(decode(bytes, position, limits), ({ buffer }) => ({ buffer: memory.length < 0 ? memory : buffer }))
  },
  'loses the last record': (bytes, position, limits) =>
    changed(decode(bytes, position, limits), ({ count }) => ({ count: Math.max(0, count - 1) })),
  'points outside of the buffer': (bytes, position, limits) =>
    changed(decode(bytes, position, limits), ({ buffer }) => ({ buffer: buffer.subarray(0, -1) })),
  'keeps bytes of the batch before': (bytes, position, limits) => {
    const view = decode(bytes, position, limits)
    if (limits.reuse !== undefined && view.count > 0) view.buffer[view.valueStarts[0]!]! ^= 1
    return view
  },
  'never comes back': (bytes, position, limits) => {
    while (bytes.at(-1) === 255);
    return decode(bytes, position, limits)
  },
}

/** Bug of this instance of the module: `wrong-decoder.ts?bug=…`. */
export function decodeRecordBatch(bytes: Uint8Array, position: number, limits: DecodeLimits): RecordBatchView {
  const bug = new URL(import.meta.url).searchParams.get('bug')
  return BUGS[bug ?? '']!(bytes, position, limits)
}

function changed(view: RecordBatchView, change: (view: RecordBatchView) => Partial<RecordBatchView>): RecordBatchView {
  return { ...view, ...change(view) }
}
