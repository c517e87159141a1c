import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { mavenLibrary, missingOf } from '../../scripts/maven-library.ts'
import type { Seen } from './assert-cells.ts'

const SPARK_VERSION = '4.2.0'
const DELTA_VERSION = '4.4.0'
const POM = fileURLToPath(new URL('./spark/pom.xml', import.meta.url))
const PROGRAM = fileURLToPath(new URL('./spark/ReadTables.java', import.meta.url))
/** Packages of the JDK that Spark reaches into. */
const OPENED = ['lang', 'lang.invoke', 'lang.reflect', 'io', 'net', 'nio', 'util', 'util.concurrent'].map(
  (name) => `java.base/java.${name}`,
)
const JVM = [...OPENED, 'java.base/sun.nio.ch', 'java.base/sun.util.calendar'].map(
  (name) => `--add-opens=${name}=ALL-UNNAMED`,
)

/** A table as Spark sees it, and what it found in it by filters. */
export interface SeenBySpark extends Seen {
  readonly filters: {
    readonly found: number
    /** Files that were not read for a filter, summed up. */
    readonly skipped: number
    readonly wrong: readonly string[]
  }
}

/** The folder with the jars of Spark, or why it cannot be run here; CI has to be able to. */
export async function sparkLibrary(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  const missing = missingOf(['java', 'mvn'])
  try {
    if (missing === undefined) return { folder: await resolved() }
  } catch (error) {
    if (process.env.CI === 'true') throw error
    return { missing: String(error) }
  }
  if (process.env.CI === 'true') throw new Error(missing)
  return { missing }
}

function resolved(): Promise<string> {
  const options = [`-Dspark.version=${SPARK_VERSION}`, `-Ddelta.version=${DELTA_VERSION}`]
  return mavenLibrary({ name: `spark-${SPARK_VERSION}-delta-${DELTA_VERSION}`, pom: POM, options })
}

/** Reads tables in one process of Spark, and filters each by these columns. */
export function readSpark(folder: string, tables: ReadonlyMap<string, readonly string[]>): readonly SeenBySpark[] {
  const asked = [...tables].flatMap(([table, columns]) => [table, columns.join(',')])
  const args = ['-Xmx1g', '-XX:TieredStopAtLevel=1', ...JVM, '-cp', `${folder}/*`, PROGRAM, ...asked]
  const result = spawnSync('java', args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (result.error !== undefined) throw result.error
  if (result.status !== 0) throw new Error(`Spark ended with ${result.status ?? result.signal}: ${result.stderr}`)
  // The program prints just this shape.
  const seen = JSON.parse(result.stdout.trim().split('\n').at(-1)!) as Readonly<Record<string, SeenBySpark>>
  return [...tables.keys()].map((table) => seen[table]!)
}
