import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as inSource from '../../connectors/kafka/platformatic/package.ts'
import { joinFromSources } from '../../scripts/join-kafka-client.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

// In the repository, as it imports packages.
mkdirSync(join(root, '.millrace'), { recursive: true })
const folder = mkdtempSync(join(root, '.millrace', 'joined-'))
after(() => rmSync(folder, { recursive: true, force: true }))

it('the joined client has what the package has, validators that are compiled when they are used, and the licences', async () => {
  const file = join(folder, 'package.js')
  await joinFromSources(file)
  const joined = (await import(pathToFileURL(file).href)) as typeof inSource
  assert.deepEqual(Object.keys(joined).sort(), Object.keys(inSource).sort())

  const options = { clientId: 'x', strict: true }
  assert.throws(() => new joined.Admin({ ...options, bootstrapBrokers: 5 as never }), /bootstrapBrokers/)
  await new joined.Admin({ ...options, bootstrapBrokers: ['a:1'] }).close()

  const imports = [...readFileSync(file, 'utf8').matchAll(/^import .* from "([^"]+)"/gm)].map(([, name]) => name!)
  const packages = new Set(imports.filter((name) => !/^(node:|file:)/.test(name)))
  assert.deepEqual([...packages], ['@platformatic/wasm-utils'])

  assert.match(readFileSync(join(folder, 'package.LICENSES.txt'), 'utf8'), /^@platformatic\/kafka\n\n/m)
})
