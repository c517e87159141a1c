import type { MessagePort } from 'node:worker_threads'
import { MillraceError } from '../../core/model/errors.ts'
import type { Link } from '../../core/ports/transport.ts'

/**
 * One end of a message channel between threads as a {@link Link}. The port queues what comes before there is a receiver.
 * `onFailure` is called where a message cannot be read: it is lost, so the receiver must not go on.
 */
export function messagePortLink<In, Out>(port: MessagePort, onFailure: (error: MillraceError) => void): Link<In, Out> {
  port.on('messageerror', (error: unknown) => {
    onFailure(
      new MillraceError('MR_EXCHANGE_PROTOCOL', 'a message from another thread cannot be read', { cause: error }),
    )
  })
  return {
    send: (message, transfer = []) => port.postMessage(message, [...transfer]),
    onMessage: (receive) => port.on('message', receive),
    close: () => port.close(),
  }
}
