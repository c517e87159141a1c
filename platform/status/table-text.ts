/** What a cell of a table may hold. */
export type Cell = string | number | bigint | boolean | null | undefined | Uint8Array

/**
 * A table for people: columns padded to their widest cell, numbers to the right, `null` for what is absent. Cells are
 * cut at `maxWidth` characters (default 40).
 */
export function tableText(
  columns: readonly string[],
  lines: readonly (readonly Cell[])[],
  options: { readonly maxWidth?: number } = {},
): string {
  const maxWidth = options.maxWidth ?? 40
  const texts = lines.map((line) => columns.map((_, index) => cut(cellText(line[index]), maxWidth)))
  const widths = columns.map((name, index) => Math.max(name.length, ...texts.map((line) => line[index]!.length)))
  const isNumeric = columns.map((_, index) => lines.length > 0 && lines.every((line) => isNumber(line[index])))
  const laid = [columns, ...texts].map((line) =>
    line
      .map((text, index) => (isNumeric[index] ? text.padStart(widths[index]!) : text.padEnd(widths[index]!)))
      .join('  ')
      .trimEnd(),
  )
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [laid[0], rule, ...laid.slice(1)].join('\n')
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return 'null'
  if (cell instanceof Uint8Array) return `${cell.length} bytes`
  // Control characters would break the layout.
  return String(cell).replace(/\p{Cc}/gu, ' ')
}

function isNumber(cell: Cell): boolean {
  return typeof cell === 'number' || typeof cell === 'bigint' || (typeof cell === 'string' && /^[\d,]+$/.test(cell))
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
