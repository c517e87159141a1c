import type { HostileInput } from './hostile-inputs.ts'
import type { Judge } from './judge.ts'
import { mendFrame } from './samples.ts'
import { Violation } from './violation.ts'

const MOST_TRIES = 400

/** The input without parts that the violation does not need: halves first, single bytes last. */
export async function minimise(input: HostileInput, violation: Violation, judge: Judge): Promise<HostileInput> {
  const wanted = kindOf(violation)
  // Time and memory are not measured here.
  if ((await violationOf(input, judge)) !== wanted) return input
  let found = input
  let tries = 0
  for (let size = input.bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= found.bytes.length && tries < MOST_TRIES; tries++) {
      const smaller = without(found, at, size)
      if ((await violationOf(smaller, judge)) === wanted) found = smaller
      else at += size
    }
  }
  return found
}

function without(input: HostileInput, at: number, size: number): HostileInput {
  const bytes = Uint8Array.from(Buffer.concat([input.bytes.subarray(0, at), input.bytes.subarray(at + size)]))
  if (input.level === 'batch' && input.isMended) mendFrame(bytes)
  return { ...input, bytes }
}

async function violationOf(input: HostileInput, judge: Judge): Promise<string | undefined> {
  try {
    await judge.judge(input)
    return undefined
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    return kindOf(error)
  }
}

/** Numbers differ where the same thing happens in smaller bytes. */
function kindOf({ message }: Violation): string {
  return message.split('\n', 1)[0]!.replaceAll(/\d+/g, 'n')
}
