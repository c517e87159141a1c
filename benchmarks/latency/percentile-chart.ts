/** One system's latencies. */
export interface Curve {
  readonly label: string
  readonly points: readonly { readonly percentile: number; readonly ms: number }[]
}

export interface Panel {
  readonly title: string
  readonly curves: readonly Curve[]
}

const WIDTH = 720
const PANEL_HEIGHT = 300
const LEFT = 60
const RIGHT = 20
const TOP = 52
const BOTTOM = 36
const COLOURS = ['#4a8fe7', '#e0803a', '#4fa36c']
const LEGEND_WIDTH = 150
/** Percentiles that the axis names, and how many nines each is away from the left. */
const TICKS = [0, 50, 90, 99, 99.9, 99.99]
const NINES = 4

interface Scale {
  readonly least: number
  readonly most: number
}

/** Latencies by percentile, both on logarithmic axes, one panel below the other, as an SVG for light and dark pages. */
export function percentileChart(panels: readonly Panel[]): string {
  const height = PANEL_HEIGHT * panels.length
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="#777">
<title>${panels.map(({ title }) => title).join('; ')}</title>
${panels.map((panel, index) => panelMark(panel, index * PANEL_HEIGHT)).join('\n')}
</svg>
`
}

function panelMark({ title, curves }: Panel, y: number): string {
  const scale = scaleOf(curves)
  return `<g transform="translate(0 ${y})">
<text x="0" y="18" font-size="15">${title}, ms by percentile</text>
${curves.map(({ label }, index) => legendMark(label, index)).join('\n')}
${axesMark(scale)}
${curves.map((curve, index) => curveMark(curve, scale, COLOURS[index % COLOURS.length]!)).join('\n')}
</g>`
}

/** Whole powers of ten around all latencies. */
function scaleOf(curves: readonly Curve[]): Scale {
  const all = curves.flatMap(({ points }) => points.map(({ ms }) => ms))
  return { least: Math.floor(Math.log10(Math.min(...all))), most: Math.ceil(Math.log10(Math.max(...all))) }
}

function legendMark(label: string, index: number): string {
  const x = LEFT + index * LEGEND_WIDTH
  return `<rect x="${x}" y="30" width="18" height="4" fill="${COLOURS[index % COLOURS.length]}"/><text x="${x + 24}" y="36">${label}</text>`
}

function axesMark(scale: Scale): string {
  const marks: string[] = []
  for (const tick of TICKS) {
    const x = fixed(xOf(tick))
    marks.push(
      `<text x="${x}" y="${PANEL_HEIGHT - BOTTOM + 18}" text-anchor="middle">${tick === 0 ? 'least' : tick}</text>`,
    )
    marks.push(lineMark({ x1: x, x2: x, y1: String(TOP), y2: String(PANEL_HEIGHT - BOTTOM) }))
  }
  for (let power = scale.least; power <= scale.most; power++) {
    const y = yOf(10 ** power, scale)
    marks.push(`<text x="${LEFT - 6}" y="${fixed(y + 4)}" text-anchor="end">${10 ** power}</text>`)
    marks.push(lineMark({ x1: String(LEFT), x2: String(WIDTH - RIGHT), y1: fixed(y), y2: fixed(y) }))
  }
  return marks.join('\n')
}

function lineMark(ends: Readonly<Record<'x1' | 'x2' | 'y1' | 'y2', string>>): string {
  const { x1, x2, y1, y2 } = ends
  return `<line x1="${x1}" x2="${x2}" y1="${y1}" y2="${y2}" stroke="#777" stroke-opacity="0.25"/>`
}

function curveMark({ points }: Curve, scale: Scale, colour: string): string {
  const line = points.map(({ percentile, ms }) => `${fixed(xOf(percentile))},${fixed(yOf(ms, scale))}`).join(' ')
  return `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"/>`
}

/** A nine more is a step further to the right. */
function xOf(percentile: number): number {
  return LEFT + (-Math.log10(1 - percentile / 100) / NINES) * (WIDTH - LEFT - RIGHT)
}

function yOf(ms: number, { least, most }: Scale): number {
  return PANEL_HEIGHT - BOTTOM - ((Math.log10(ms) - least) / (most - least)) * (PANEL_HEIGHT - BOTTOM - TOP)
}

function fixed(value: number): string {
  return value.toFixed(1)
}
