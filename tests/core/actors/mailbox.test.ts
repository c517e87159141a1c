import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Mailbox } from '../../../core/actors/mailbox.ts'

interface Harness {
  readonly mailbox: Mailbox<number>
  readonly received: number[]
  readonly failures: unknown[]
  /** Runs everything posted so far. */
  readonly run: () => void
}

function harness(options: { readonly capacity?: number; readonly failAt?: number } = {}): Harness {
  const posts: (() => void)[] = []
  const received: number[] = []
  const failures: unknown[] = []
  const mailbox = new Mailbox<number>({
    label: 'counter',
    actor: {
      receive: (message) => {
        if (message === options.failAt) throw new Error(`cannot take ${message}`)
        received.push(message)
      },
    },
    scheduler: { post: (_, run) => posts.push(run) },
    onFailure: (error) => failures.push(error),
    ...(options.capacity === undefined ? {} : { capacity: options.capacity }),
  })
  const run = (): void => {
    for (const post of posts.splice(0)) post()
  }
  return { mailbox, received, failures, run }
}

describe('Mailbox', () => {
  it('delivers messages in the order of posting, never inside the post', () => {
    const { mailbox, received, run } = harness()
    for (const message of [1, 2, 3]) mailbox.post(message)
    assert.deepEqual(received, [])
    run()
    assert.deepEqual(received, [1, 2, 3])
  })

  it('refuses a message above its capacity and takes one again after a delivery', () => {
    const { mailbox, received, run } = harness({ capacity: 2 })
    mailbox.post(1)
    mailbox.post(2)
    assert.throws(() => mailbox.post(3), { code: 'MR_MAILBOX_FULL', message: /counter/ })
    run()
    mailbox.post(4)
    run()
    assert.deepEqual(received, [1, 2, 4])
  })

  it('holds 1024 messages unless told otherwise', () => {
    const { mailbox } = harness()
    for (let i = 0; i < 1024; i++) mailbox.post(i)
    assert.throws(() => mailbox.post(1024), { code: 'MR_MAILBOX_FULL' })
  })

  it('tells the failure once and delivers nothing afterwards, not even what waited already', () => {
    const { mailbox, received, failures, run } = harness({ failAt: 2 })
    for (const message of [1, 2, 3, 2]) mailbox.post(message)
    run()
    mailbox.post(5)
    run()
    assert.deepEqual(received, [1])
    assert.equal(failures.length, 1)
    assert.match(String(failures[0]), /cannot take 2/)
  })

  it('delivers nothing once closed', () => {
    const { mailbox, received, run } = harness()
    mailbox.post(1)
    mailbox.close()
    mailbox.post(2)
    run()
    assert.deepEqual(received, [])
  })
})
