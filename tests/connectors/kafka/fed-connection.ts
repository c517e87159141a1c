import { type Callback, type Connection, Reader, type ResponseParser, Writer } from '@platformatic/kafka'

/** Stands for a connection whose socket brought these bytes in several pieces: hands them to the parser, and its answer on. */
export function fedConnection(bytes: Uint8Array): Connection {
  const third = Math.max(1, Math.ceil(bytes.length / 3))
  const writer = Writer.create()
  for (let at = 0; at < bytes.length; at += third) writer.append(Buffer.from(bytes.subarray(at, at + third)))
  const send = <Answer>(...call: readonly [...unknown[], Callback<Answer>]): void => {
    const parse = call[3] as ResponseParser<Answer>
    const done = call.at(-1) as Callback<Answer>
    let answer: Answer
    try {
      answer = parse(0, 1, 13, Reader.from(writer)) as Answer
    } catch (error) {
      done(error as Error)
      return
    }
    done(null, answer)
  }
  // A call uses nothing else of its connection.
  return { send } as unknown as Connection
}
