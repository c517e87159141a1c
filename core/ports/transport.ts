/**
 * One end of a two-way, ordered, reliable channel between two threads. Messages are plain data; buffers listed in
 * `transfer` belong to the receiver afterwards. Nothing arrives after `close`.
 */
export interface Link<In, Out> {
  send(message: Out, transfer?: readonly ArrayBuffer[]): void
  /** Sets the one receiver; messages that came before wait for it. */
  onMessage(receive: (message: In) => void): void
  close(): void
}
