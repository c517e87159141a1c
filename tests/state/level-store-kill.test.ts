import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openFileStore } from '../../platform/system/file-store.ts'
import { openLevelStore } from '../../state/level-store.ts'

const ROUNDS = 4
const KEYS_PER_BATCH = 20

it('a store whose process was killed holds every acknowledged batch, and each batch whole or not at all', async () => {
  const directory = await mkdtemp(`${tmpdir()}/millrace-kill-`)
  const writer = fileURLToPath(new URL('write-batches.ts', import.meta.url))
  let next = 0
  for (let round = 0; round < ROUNDS; round++) {
    const killAfter = 5 + Math.floor(Math.random() * 120)
    const acknowledged = await writeUntilKilled([writer, directory, String(next)], killAfter)
    const message = `round ${round}, killed after ${killAfter} acknowledgements`
    assert.ok(acknowledged >= next + killAfter - 1, message)
    next = await checkedEnd(directory, message)
    assert.ok(
      next > acknowledged,
      `${message}: batch ${acknowledged} was acknowledged, the last one there is ${next - 1}`,
    )
  }
  await rm(directory, { recursive: true })
})

/** The last batch that was acknowledged before the writer died. */
async function writeUntilKilled(program: readonly string[], killAfter: number): Promise<number> {
  const child = spawn(process.execPath, ['-C', 'millrace-source', ...program], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  let isKilled = false
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (isKilled || text.split('\n').length <= killAfter) return
    isKilled = true
    child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'close')
  assert.equal(signal, 'SIGKILL')
  const whole = text.slice(0, text.lastIndexOf('\n')).split('\n')
  return Number(whole.at(-1))
}

/** Number of batches in the store, after a check that none of them is torn. */
async function checkedEnd(directory: string, message: string): Promise<number> {
  const store = await openLevelStore(directory, openFileStore())
  const marker = await store.get('marker')
  const end = Number(new TextDecoder().decode(marker)) + 1
  const keys = await store.keys('batch/', 'batch0')
  assert.equal(keys.length, end * KEYS_PER_BATCH, `${message}: keys and marker do not fit`)
  for (const key of keys) {
    const batch = Number(key.split('/')[1])
    const value = await store.get(key)
    assert.ok(
      value?.every((byte) => byte === (batch & 255)),
      `${message}: ${key} holds something else`,
    )
  }
  await store.close()
  return end
}
