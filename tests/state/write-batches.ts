import { writeSync } from 'node:fs'
import type { ByteOperation } from '../../core/ports/byte-store.ts'
import { openFileStore } from '../../platform/system/file-store.ts'
import { openLevelStore } from '../../state/level-store.ts'

const KEYS_PER_BATCH = 20

/** Child process: writes synced batches of keys and a marker from a number on until killed; prints each acknowledged one. */
const store = await openLevelStore(process.argv[2] ?? '', openFileStore())
for (let i = Number(process.argv[3]); ; i++) {
  const operations: ByteOperation[] = []
  for (let key = 0; key < KEYS_PER_BATCH; key++) {
    // Every other value is so large that it lies in a file.
    const value = new Uint8Array(key % 2 === 0 ? 2_000 : 20_000).fill(i)
    operations.push({ kind: 'put', key: `batch/${i}/${key}`, value })
  }
  operations.push({ kind: 'put', key: 'marker', value: new TextEncoder().encode(String(i)) })
  await store.write(operations, { sync: true })
  writeSync(1, `${i}\n`)
}
