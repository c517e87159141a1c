// The last step of the build: connectors/kafka/platformatic/package.js becomes one file with what it re-exports of
// `@platformatic/kafka` and what that needs, as a thread takes long to import hundreds of modules (decision 0028).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const CLIENT = new URL('../connectors/kafka/platformatic/', import.meta.url)
const BUILT = fileURLToPath(new URL('../dist/connectors/kafka/platformatic/package.js', import.meta.url))
/** Packages that ours depends on itself. */
const DEPENDENCIES = ['@platformatic/wasm-utils', '@node-rs/crc32']
/** CommonJS modules ask for modules of Node in their own way. */
const REQUIRE =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);"

/**
 * Joins what the module `from` re-exports into the file `to`, with the licences of what went into it beside it. `standIn`: the module that
 * stands in for ajv.
 */
async function joinKafkaClient(from: string, to: string, standIn: string): Promise<void> {
  const { metafile } = await build({
    entryPoints: [from],
    outfile: to,
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.22',
    banner: { js: REQUIRE },
    external: DEPENDENCIES,
    legalComments: 'none',
    metafile: true,
    plugins: [onlyWhatIsUsed(standIn)],
  })
  writeFileSync(to.replace(/\.[jt]s$/, '.LICENSES.txt'), licencesOf(Object.keys(metafile.inputs)))
}

/** No module of the package does anything but define what it exports, so that those of which nothing is used are left out. */
function onlyWhatIsUsed(standIn: string): Plugin {
  return {
    name: 'only-what-is-used',
    setup: ({ onResolve, resolve }) => {
      onResolve({ filter: /^ajv\/dist\/2020\.js$/ }, () => ({ path: standIn, external: true }))
      onResolve({ filter: /^\.{1,2}\// }, async ({ path, pluginData, ...from }) => {
        if (pluginData === onlyWhatIsUsed || !from.importer.includes('/@platformatic/kafka/')) return undefined
        const { importer, resolveDir, kind } = from
        const found = await resolve(path, { importer, resolveDir, kind, pluginData: onlyWhatIsUsed })
        return { ...found, sideEffects: false }
      })
    },
  }
}

function licencesOf(files: readonly string[]): string {
  const folders = new Set(files.flatMap((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []))
  const licences = [...folders].sort().map((folder) => {
    const name = folder.replace(/^.*node_modules\//, '')
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    if (file === undefined) throw new Error(`package ${name} has no file with its licence`)
    return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return `package.js holds parts of these packages.\n\n${licences.join('\n----\n\n')}`
}

/** The file that the build would make, for tests; it must lie in the repository, as it imports packages. */
export async function joinFromSources(to: string): Promise<void> {
  await joinKafkaClient(fileURLToPath(new URL('package.ts', CLIENT)), to, new URL('lazy-validators.ts', CLIENT).href)
}

if (import.meta.main) await joinKafkaClient(BUILT, BUILT, './lazy-validators.js')
