import { utf8 } from '../../core/model/utf8.ts'
import { headersOf, type RecordBatchView } from '../../formats/record-batch/decode.ts'
import type { EncodableHeader } from '../../formats/record-batch/headers.ts'

/** Header that names a record by its origin, so that a redo finds what is there already. */
const IDENTITY_HEADER = '__millrace.id'

/** The identity as a header; the last one of a record counts: it may be a copy of a record that had one before. */
export function identityHeader(identity: string): EncodableHeader {
  return { key: IDENTITY_HEADER, value: identity }
}

/** The identity of a decoded record, or `undefined` where it has none. */
export function identityOf(view: RecordBatchView, index: number): string | undefined {
  const value = headersOf(view, index).findLast((header) => header.key === IDENTITY_HEADER)?.value
  return value === undefined || value === null ? undefined : utf8.decode(value)
}

/**
 * Names records by their origin and counts those of one origin that follow each other. Pipeline and sink belong to the
 * name: another one may put its own record of the same origin into the same topic.
 */
export class OriginCounter {
  readonly #prefix: string
  #origin = ''
  #index = 0

  constructor(of: { readonly pipeline: string; readonly sink: string }) {
    this.#prefix = `${of.pipeline}/${of.sink}/`
  }

  /** `<pipeline>/<sink>/<origin>-<n>`, n from 0 for each origin. */
  next(origin: string): string {
    this.#index = origin === this.#origin ? this.#index + 1 : 0
    this.#origin = origin
    return `${this.#prefix}${origin}-${this.#index}`
  }
}
