import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'

/** Runs lines of a module in a process of its own, as the first import of the package counts; what it prints, as JSON. */
function run(lines: readonly string[]): unknown {
  const args = ['-C', 'millrace-source', '--input-type=module', '--eval', lines.join('\n')]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

const LAZY = new URL('../../../../connectors/kafka/platformatic/lazy-validators.ts', import.meta.url).href
const LOAD = "() => import('@platformatic/kafka')"
/** The part of ajv with which the clients’ validators are compiled. */
const IS_LOADED = "Object.keys(require.cache).some((path) => path.endsWith('/ajv/dist/2020.js'))"
/** Whether ajv is loaded with the package, and what is refused in strict mode, also by keywords that the package defined. */
const LOOK = [
  "const require = (await import('node:module')).createRequire(import.meta.resolve('@platformatic/kafka'))",
  `const isLoaded = ${IS_LOADED}`,
  'const refused = []',
  "for (const options of [{ bootstrapBrokers: 5 }, { bootstrapBrokers: ['a:1'], retryDelay: 'x' }]) {",
  "  try { new kafka.Admin({ clientId: 'x', strict: true, ...options }) } catch (error) { refused.push(error.message) }",
  '}',
  "await new kafka.Admin({ clientId: 'x', strict: true, bootstrapBrokers: ['a:1'] }).close()",
  "const { Ajv2020 } = require('ajv/dist/2020.js')",
  'console.log(JSON.stringify({ isLoaded, refused, isAjv: Ajv2020.prototype.getSchema !== undefined }))',
]

describe('validators of the package, compiled when they are used', () => {
  it('loads the package without what compiles them, and refuses the same in the same words', () => {
    const plain = run([`const kafka = await (${LOAD})()`, ...LOOK]) as { readonly refused: readonly string[] }
    assert.equal(plain.refused.length, 2)
    assert.deepEqual(plain, { isLoaded: true, refused: plain.refused, isAjv: true })
    const lazy = `const kafka = await (await import('${LAZY}')).withLazyValidators(${LOAD})`
    assert.deepEqual(run([lazy, ...LOOK]), { isLoaded: false, refused: plain.refused, isAjv: true })
  })
})
