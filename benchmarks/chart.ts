/** One bar of a chart. */
export interface Bar {
  readonly label: string
  readonly value: number
  readonly min?: number
  readonly max?: number
}

const WIDTH = 720
const BAR_HEIGHT = 22
const GAP = 12
const LABEL_WIDTH = 240
const VALUE_WIDTH = 90

/** Horizontal bars with their range as a line, as an SVG for light and dark pages. */
export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value, max }) => max ?? value))
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / most
  const height = 44 + bars.length * (BAR_HEIGHT + GAP)
  const marks = bars.map((bar, index) => barMark(bar, { y: 36 + index * (BAR_HEIGHT + GAP), scale, unit }))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#777">
<title>${title}</title>
<text x="0" y="18" font-size="15">${title}</text>
${marks.join('\n')}
</svg>
`
}

function barMark(
  { label, value, min, max }: Bar,
  place: { readonly y: number; readonly scale: number; readonly unit: string },
): string {
  const { y, scale, unit } = place
  const width = value * scale
  const middle = y + BAR_HEIGHT / 2
  const end = LABEL_WIDTH + (max ?? value) * scale
  const range =
    min === undefined || max === undefined
      ? ''
      : `<line x1="${fixed(LABEL_WIDTH + min * scale)}" x2="${fixed(end)}" y1="${middle}" y2="${middle}" stroke="#777" stroke-width="2"/>`
  return (
    `<text x="${LABEL_WIDTH - 8}" y="${middle + 5}" text-anchor="end">${label}</text>` +
    `<rect x="${LABEL_WIDTH}" y="${y}" width="${fixed(width)}" height="${BAR_HEIGHT}" fill="#4a8fe7"/>${range}` +
    `<text x="${fixed(end + 6)}" y="${middle + 5}">${value.toFixed(2)} ${unit}</text>`
  )
}

function fixed(value: number): string {
  return value.toFixed(1)
}
