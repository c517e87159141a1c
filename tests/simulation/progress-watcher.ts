import type { EpochMarker } from '../../core/checkpoint/epoch-marker.ts'

/** I12: what an epoch committed is never taken back by a later one, whatever died in between. */
export class ProgressWatcher {
  #before: EpochMarker | undefined

  /** What of the marker lies before the last one that was committed. */
  look(marker: EpochMarker): readonly string[] {
    const before = this.#before
    this.#before = marker
    if (before === undefined) return []
    const consumed = (of: EpochMarker) =>
      Object.entries(of.ledger.splits).map(([id, split]) => [id, split.consumed] as const)
    const offsets = (of: EpochMarker) => Object.entries(of.positions).map(([id, { offset }]) => [id, offset] as const)
    return [
      ...(marker.epoch <= before.epoch ? [`I12: epoch ${marker.epoch} was committed after ${before.epoch}`] : []),
      ...goneBack('the watermark of', Object.entries(before.watermarks), Object.entries(marker.watermarks)),
      ...goneBack('the position of', offsets(before), offsets(marker)),
      ...goneBack('the count of', consumed(before), consumed(marker)),
    ]
  }
}

type Values = readonly (readonly [string, number])[]

function goneBack(what: string, before: Values, now: Values): readonly string[] {
  const values = new Map(now)
  return before
    .filter(([id, value]) => !((values.get(id) ?? Number.NaN) >= value))
    .map(([id, value]) => `I12: ${what} ${id} went back from ${value} to ${values.get(id) ?? 'nothing'}`)
}
