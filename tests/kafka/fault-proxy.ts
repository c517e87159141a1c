import { connect, createServer, type Server, type Socket } from 'node:net'

/** What the proxy does to what passes. */
export type Fault =
  | { readonly kind: 'none' }
  /** Nothing passes any more, nothing is closed: a half-open connection. */
  | { readonly kind: 'blackhole' }
  /** Requests pass, answers do not, and the connection breaks after the next request. */
  | { readonly kind: 'cut-after-request' }
  /** Answers pass in pieces of so many bytes, one per ten milliseconds. */
  | { readonly kind: 'throttle'; readonly bytes: number }
  /** One bit flips in every answer that has this text, so many times. */
  | { readonly kind: 'flip'; readonly text: string; readonly times: number }
  /** New connections are closed at once. */
  | { readonly kind: 'refuse' }

interface Pair {
  readonly client: Socket
  readonly broker: Socket
}

/** Stands between clients and one broker on loopback, and breaks things when it is told to. */
export class FaultProxy {
  readonly port: number
  readonly #server: Server
  readonly #target: number
  readonly #pairs = new Set<Pair>()
  #fault: Fault = { kind: 'none' }
  #requests = 0
  #flips = 0

  private constructor(server: Server, port: number, target: number) {
    this.#server = server
    this.port = port
    this.#target = target
    server.on('connection', (client) => this.#accept(client))
  }

  /** Listens on `port` and passes to `target`. */
  static async open(port: number, target: number): Promise<FaultProxy> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    return new FaultProxy(server, port, target)
  }

  /** Requests that clients sent so far, in pieces. */
  get requests(): number {
    return this.#requests
  }

  /** Bits that flipped since the fault was set. */
  get flips(): number {
    return this.#flips
  }

  set fault(fault: Fault) {
    this.#fault = fault
    this.#flips = 0
  }

  /** Breaks every connection that is open now. */
  breakAll(): void {
    for (const pair of this.#pairs) destroy(pair)
  }

  async close(): Promise<void> {
    this.breakAll()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(client: Socket): void {
    if (this.#fault.kind === 'refuse') {
      client.destroy()
      return
    }
    const pair = { client, broker: connect(this.#target, '127.0.0.1') }
    this.#pairs.add(pair)
    for (const socket of [pair.client, pair.broker]) {
      socket.on('error', () => destroy(pair))
      socket.on('close', () => {
        this.#pairs.delete(pair)
        destroy(pair)
      })
    }
    pair.client.on('data', (bytes) => this.#request(pair, bytes))
    pair.broker.on('data', (bytes) => this.#answer(pair, bytes))
  }

  #request(pair: Pair, bytes: Buffer): void {
    this.#requests++
    if (this.#fault.kind === 'blackhole') return
    pair.broker.write(bytes)
    // What was written still reaches the broker.
    if (this.#fault.kind === 'cut-after-request') setTimeout(() => destroy(pair), 50)
  }

  #answer(pair: Pair, bytes: Buffer): void {
    const fault = this.#fault
    if (fault.kind === 'blackhole' || fault.kind === 'cut-after-request') return
    if (fault.kind === 'flip') this.#flip(bytes, fault)
    if (fault.kind !== 'throttle') {
      pair.client.write(bytes)
      return
    }
    pair.broker.pause()
    const drip = (at: number): void => {
      if (at >= bytes.length) pair.broker.resume()
      else {
        pair.client.write(bytes.subarray(at, at + fault.bytes))
        setTimeout(() => drip(at + fault.bytes), 10)
      }
    }
    drip(0)
  }

  #flip(bytes: Buffer, { text, times }: Extract<Fault, { readonly kind: 'flip' }>): void {
    const at = bytes.indexOf(text)
    if (at < 0 || this.#flips === times) return
    this.#flips++
    bytes[at]! ^= 1
  }
}

function destroy({ client, broker }: Pair): void {
  client.destroy()
  broker.destroy()
}
