/** What one section of the README tells a reader to write and to type. */
export interface ReadmeExample {
  /** File that the commands name, such as `first.ts`. */
  readonly fileName: string
  readonly source: string
  readonly commands: readonly string[]
}

/** The first `ts` block under the heading and the commands of the first shell block after it. */
export function readmeExample(readme: string, heading: string): ReadmeExample {
  const section = sectionOf(readme, heading)
  const source = blockOf(section, 'ts')
  const commands = blockOf(section, '(?:sh|bash|shell)')
    .split('\n')
    .map((line) => line.replace(/^\$ /, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const fileName = commands.join(' ').match(/[\w./-]+\.ts\b/)?.[0]
  if (fileName === undefined) throw new Error(`README, "${heading}": no command names the .ts file to write`)
  return { fileName, source, commands }
}

function sectionOf(readme: string, heading: string): string {
  const lines = readme.split('\n')
  const start = lines.findIndex((line) => line.replace(/^#+ /, '').trim() === heading && line.startsWith('#'))
  if (start < 0) throw new Error(`README has no heading "${heading}"`)
  const level = lines[start]!.indexOf(' ')
  const end = endOfSection(lines, { start, level })
  return lines.slice(start + 1, end).join('\n')
}

function endOfSection(lines: readonly string[], { start, level }: { start: number; level: number }): number {
  let isInBlock = false
  for (let index = start + 1; index < lines.length; index += 1) {
    const line = lines[index]!
    if (line.startsWith('```')) isInBlock = !isInBlock
    if (!isInBlock && /^#+ /.test(line) && line.indexOf(' ') <= level) return index
  }
  return lines.length
}

function blockOf(section: string, language: string): string {
  const block = section.match(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm'))?.[1]
  if (block === undefined) throw new Error(`README: no \`\`\`${language} block in the section`)
  return block
}
