import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import type { Link } from '../../../core/ports/transport.ts'
import { messagePortLink } from '../../../platform/threads/message-port-link.ts'

function linkPair(): readonly [Link<string, string>, Link<string, string>] {
  const { port1, port2 } = new MessageChannel()
  const fail = (error: unknown): void => assert.fail(String(error))
  return [messagePortLink(port1, fail), messagePortLink(port2, fail)]
}

describe('a link over a message port', () => {
  it('keeps messages that came before the receiver was set, in order', async () => {
    const [a, b] = linkPair()
    for (const message of ['one', 'two', 'three']) a.send(message)
    const received: string[] = []
    await new Promise<void>((resolve) => {
      b.onMessage((message) => {
        received.push(message)
        if (received.length === 3) resolve()
      })
    })
    assert.deepEqual(received, ['one', 'two', 'three'])
    a.close()
  })

  it('hands buffers over: the sender has them no more', () => {
    const { port1 } = new MessageChannel()
    const link = messagePortLink<never, Uint8Array>(port1, () => undefined)
    const bytes = new Uint8Array(8)
    link.send(bytes, [bytes.buffer])
    assert.equal(bytes.length, 0)
    link.close()
  })

  it('tells of a message that cannot be read, as MR_EXCHANGE_PROTOCOL', async () => {
    const { port1, port2 } = new MessageChannel()
    const failed = Promise.withResolvers<unknown>()
    messagePortLink(port1, failed.resolve)
    port1.emit('messageerror', new Error('cannot be read'))
    assert.equal(((await failed.promise) as { code: string }).code, 'MR_EXCHANGE_PROTOCOL')
    port2.close()
    await once(port1, 'close')
  })
})
