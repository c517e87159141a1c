import type { ByteStore } from '../../core/ports/byte-store.ts'
import { openFileStore } from '../../platform/system/file-store.ts'
import { openLevelStore } from '../../state/level-store.ts'

const VALUE_BYTES = 100_000

/** Child process: writes until a write fails, then prints how many were acknowledged and how later calls fail. */
const store = await openLevelStore(process.argv[2] ?? '', openFileStore())
const { acknowledged, code } = await fill(store)
console.log(acknowledged)
console.log(code)
console.log(await codeOf(store.get('value/0')))
console.log(await codeOf(store.write([], { sync: true })))
await store.close()

async function fill(into: ByteStore): Promise<{ readonly acknowledged: number; readonly code: string }> {
  for (let i = 0; i < 10_000; i++) {
    // Each value is other noise: compressed ones would not fill anything.
    const value = crypto.getRandomValues(new Uint8Array(VALUE_BYTES).subarray(0, 65_536))
    const bytes = new Uint8Array(VALUE_BYTES)
    bytes.set(value)
    const code = await codeOf(into.write([{ kind: 'put', key: `value/${i}`, value: bytes }], { sync: true }))
    if (code !== 'none') return { acknowledged: i, code }
  }
  return { acknowledged: 10_000, code: 'none' }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}
