import type { Call } from './call-tree.ts'
import { partOf } from './parts.ts'

const WIDTH = 1_200
const ROW = 18
/** Narrower calls are left out: nobody could read or point at them. */
const LEAST_WIDTH = 2.4
const CHARACTER = 6.4

/** A flame graph as an SVG: calls stand on their caller, as wide as their time. Each tells its name and share where one points at it. */
export function flameGraph(title: string, root: Call): string {
  const depth = depthOf(root, root.total)
  const height = 30 + depth * ROW
  const boxes = boxesOf(root, { x: 0, level: 0, all: root.total, height })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="11">
<title>${title}</title>
<text x="0" y="15" font-family="sans-serif" font-size="14" fill="#777">${title}</text>
${boxes.join('\n')}
</svg>
`
}

function widthOf({ total }: Call, all: number): number {
  return (WIDTH * total) / all
}

function depthOf(call: Call, all: number): number {
  const below = [...call.calls.values()].filter((next) => widthOf(next, all) >= LEAST_WIDTH)
  return 1 + Math.max(0, ...below.map((next) => depthOf(next, all)))
}

interface Place {
  readonly x: number
  readonly level: number
  readonly all: number
  readonly height: number
}

function boxesOf(call: Call, place: Place): readonly string[] {
  const { all, level } = place
  const boxes = [boxOf(call, place)]
  let { x } = place
  for (const next of [...call.calls.values()].sort((a, b) => b.total - a.total)) {
    if (widthOf(next, all) < LEAST_WIDTH) break
    boxes.push(...boxesOf(next, { ...place, x, level: level + 1 }))
    x += widthOf(next, all)
  }
  return boxes
}

function boxOf(call: Call, { x, level, all, height }: Place): string {
  const width = widthOf(call, all)
  const y = height - (level + 1) * ROW
  const { name, file } = call
  const share = ((100 * call.total) / all).toFixed(1)
  const shown = escaped(name.slice(0, Math.max(0, Math.floor((width - 6) / CHARACTER))))
  return (
    `<g><title>${escaped(name)}${file === undefined ? '' : ` (${file})`}: ${share} %</title>` +
    `<rect x="${x.toFixed(1)}" y="${y}" width="${(width - 0.4).toFixed(1)}" height="${ROW - 1}" rx="2" fill="${partOf(call).color}"/>` +
    `<text x="${(x + 3).toFixed(1)}" y="${y + 13}" fill="#222">${shown}</text></g>`
  )
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
