import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { systemScheduler } from '../../../platform/system/system-scheduler.ts'

describe('systemScheduler', () => {
  it('runs pieces in the order of posting, never inside post, also those posted by pieces', async () => {
    const scheduler = systemScheduler()
    const ran: string[] = []
    const done = new Promise<void>((resolve) => {
      scheduler.post('a', () => {
        ran.push('first')
        scheduler.post('b', () => ran.push('third'))
        scheduler.post('a', resolve)
        ran.push('still first')
      })
    })
    scheduler.post('b', () => ran.push('second'))
    assert.deepEqual(ran, [])
    await done
    assert.deepEqual(ran, ['first', 'still first', 'second', 'third'])
  })

  it('lets others have their turn between many pieces', async () => {
    const scheduler = systemScheduler()
    let ran = 0
    for (let i = 0; i < 1_000; i++) scheduler.post('a', () => ran++)
    await turn()
    assert.ok(ran < 1_000, `${ran} pieces ran in the first turn`)
    while (ran < 1_000) await turn()
    assert.equal(ran, 1_000)
  })

  it('goes on after a piece that threw, where the error is caught at all', async () => {
    const scheduler = systemScheduler()
    const { port1, port2 } = new MessageChannel()
    const domain = await import('node:domain').then((module) => module.create())
    const caught = once(domain, 'error')
    domain.run(() => {
      scheduler.post('a', () => {
        throw new RangeError('planted')
      })
      scheduler.post('a', () => port1.postMessage('went on'))
    })
    const [message] = await once(port2, 'message')
    const [error] = await caught
    assert.equal(message, 'went on')
    assert.equal(error.message, 'planted')
    port1.close()
  })
})
