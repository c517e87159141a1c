import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/** Jars that a `pom.xml` asks for. */
export interface MavenLibrary {
  /** What it is and which version, such as `kafka-4.4.0`: the name of its folder. */
  readonly name: string
  readonly pom: string
  /** Options of Maven, such as `-Dkafka.version=4.4.0`. */
  readonly options?: readonly string[]
}

/** The folder with the jars of a library, filled from Maven's cache or Maven Central once. */
export async function mavenLibrary({ name, pom, options = [] }: MavenLibrary): Promise<string> {
  const folder = join(homedir(), '.cache', 'millrace', name)
  if (existsSync(folder)) return folder
  const fresh = `${folder}.${process.pid}`
  await mkdir(fresh, { recursive: true })
  const goal = [COPY, '-DincludeScope=runtime', `-DoutputDirectory=${fresh}`, ...options]
  const isCopied = [['-o'], []].some(
    (offline) => spawnSync('mvn', ['-B', '-q', ...offline, '-f', pom, ...goal], { stdio: 'ignore' }).status === 0,
  )
  if (!isCopied) throw new Error(`Maven could not resolve ${name}`)
  await rename(fresh, folder)
  return folder
}

/** Says which of these commands is missing here. */
export function missingOf(commands: readonly string[]): string | undefined {
  for (const command of commands) {
    const found = spawnSync(command, ['-version'], { stdio: 'ignore' })
    if (found.error !== undefined) return `${command} is missing`
  }
  return undefined
}
