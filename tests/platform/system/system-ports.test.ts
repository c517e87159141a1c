import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { sha256 } from '../../../platform/system/sha256.ts'
import { systemClock } from '../../../platform/system/system-clock.ts'
import { systemRandom } from '../../../platform/system/system-random.ts'

describe('systemClock', () => {
  it('tells epoch milliseconds, and a monotonic time that does not go back', () => {
    const clock = systemClock()
    assert.ok(Math.abs(clock.now() - Date.now()) < 1_000)
    const first = clock.monotonic()
    assert.ok(clock.monotonic() >= first)
  })

  it('resolves after the time, also one longer than a timer of Node can be', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const clock = systemClock()
      let passed = false
      const wait = clock.after(2 ** 31 + 1_000).then(() => {
        passed = true
      })
      mock.timers.tick(2 ** 31 - 1)
      await Promise.resolve()
      await Promise.resolve()
      assert.equal(passed, false)
      mock.timers.tick(1_001)
      await wait
      assert.equal(passed, true)
    } finally {
      mock.timers.reset()
    }
  })

  it('rejects with the reason of the signal, aborted before or while it waits', async () => {
    const clock = systemClock()
    const reason = new RangeError('enough')
    await assert.rejects(clock.after(60_000, AbortSignal.abort(reason)), reason)
    const controller = new AbortController()
    const wait = clock.after(60_000, controller.signal)
    controller.abort(reason)
    await assert.rejects(wait, reason)
  })
})

describe('systemRandom', () => {
  it('gives whole numbers over all 32 bits, and version 4 UUIDs that differ', () => {
    const random = systemRandom()
    const words = Array.from({ length: 400 }, () => random.uint32())
    assert.ok(words.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32))
    assert.equal(words.reduce((bits, word) => bits | word, 0) >>> 0, 0xffffffff)
    assert.equal(words.reduce((bits, word) => bits & word, -1) >>> 0, 0)
    assert.match(random.uuid(), /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    assert.notEqual(random.uuid(), random.uuid())
  })
})

describe('sha256', () => {
  it('gives the digest of the standard as lower-case hex', () => {
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    assert.equal(sha256(new TextEncoder().encode('abc')), digest)
  })
})
