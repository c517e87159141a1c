/** Folder of a sink in the outbox. */
export function outboxFolder(sink: string): string {
  return encodeURIComponent(sink)
}

/** Name of a staged segment, relative to the outbox. No two attempts share one. */
export function segmentName(
  sink: string,
  of: { readonly epoch: number; readonly task: number; readonly generation: number },
): string {
  return `${outboxFolder(sink)}/${of.epoch}-${of.task}-${of.generation}.seg`
}

/** Name, in the folder of its sink, of a segment that has no epoch yet. */
export function spillName(of: {
  readonly task: number
  readonly generation: number
  readonly segment: number
}): string {
  return `${of.generation}-${of.task}-${of.segment}.spill`
}

/**
 * Names in the folder of a sink that nobody needs once every sink has `epoch`: segments of epochs before it, spilled bytes
 * of generations before the newest one that left a trace. Those of `epoch` itself stay until the next PREPARE says that it
 * is finalized: a restart in between reads them to find out.
 */
export function collectable(names: readonly string[], epoch: number): readonly string[] {
  const newest = Math.max(...names.map((name) => generationOf(name) ?? -1))
  return names.filter((name) => {
    const segment = SEGMENT.exec(name)
    if (segment !== null) return Number(segment[1]) < epoch
    return SPILL.test(name) && generationOf(name)! < newest
  })
}

const SEGMENT = /^(\d+)-\d+-(\d+)\.seg$/
const SPILL = /^(\d+)-\d+-\d+\.spill$/

function generationOf(name: string): number | undefined {
  const generation = SEGMENT.exec(name)?.[2] ?? SPILL.exec(name)?.[1]
  return generation === undefined ? undefined : Number(generation)
}
