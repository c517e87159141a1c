/** One point of a line. */
export interface Line {
  readonly x: number
  readonly y: number
}

const WIDTH = 720
const HEIGHT = 260
const LEFT = 60
const BOTTOM = 40
const TOP = 36
const STEPS = 4

/** One line over two axes that begin at 0, as an SVG for light and dark pages. */
export function lineChart(
  title: string,
  names: { readonly x: string; readonly y: string },
  points: readonly Line[],
): string {
  const mostX = Math.max(...points.map(({ x }) => x))
  const mostY = Math.max(...points.map(({ y }) => y))
  const atX = (x: number): string => (LEFT + (x / mostX) * (WIDTH - LEFT - 20)).toFixed(1)
  const atY = (y: number): string => (HEIGHT - BOTTOM - (y / mostY) * (HEIGHT - BOTTOM - TOP)).toFixed(1)
  const marks: string[] = []
  for (let step = 0; step <= STEPS; step++) {
    const x = (mostX * step) / STEPS
    const y = (mostY * step) / STEPS
    marks.push(`<text x="${atX(x)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${x.toFixed(1)}</text>`)
    marks.push(`<text x="${LEFT - 6}" y="${atY(y)}" text-anchor="end">${y.toFixed(0)}</text>`)
    marks.push(
      `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${atY(y)}" y2="${atY(y)}" stroke="#777" stroke-opacity="0.25"/>`,
    )
  }
  const line = points.map(({ x, y }) => `${atX(x)},${atY(y)}`).join(' ')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#777">
<title>${title}</title>
<text x="0" y="18" font-size="15">${title}, ${names.y}</text>
${marks.join('\n')}
<text x="${WIDTH - 20}" y="${HEIGHT - 6}" text-anchor="end">${names.x}</text>
<polyline points="${line}" fill="none" stroke="#4a8fe7" stroke-width="2"/>
</svg>
`
}
