import { BodyReader } from '../client/body-reader.ts'
import type { BrokerLine, RawRequest } from '../client/broker-line.ts'

/** A request that changes nothing, and how its answer is read. */
export interface Question<Answer> extends RawRequest {
  read(body: BodyReader): Answer
}

export async function ask<Answer>(line: BrokerLine, question: Question<Answer>): Promise<Answer> {
  return question.read(new BodyReader(Buffer.from(await line.ask(question))))
}
