import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HostRounds } from '../../../../core/runtime/job/host-rounds.ts'

/** Which of the rounds are complete. */
async function completeOf(rounds: readonly Promise<void>[]): Promise<readonly boolean[]> {
  const open = Symbol('open')
  return Promise.all(rounds.map(async (round) => (await Promise.race([round, Promise.resolve(open)])) !== open))
}

describe('HostRounds', () => {
  it('completes a round when all hosts have answered, though one has answered the next one already', async () => {
    const rounds = new HostRounds()
    const begun = [rounds.begin(2), rounds.begin(2)]
    rounds.answer(1)
    rounds.answer(1)
    assert.deepEqual(await completeOf(begun), [false, false])
    rounds.answer(0)
    assert.deepEqual(await completeOf(begun), [true, false])
    rounds.answer(0)
    assert.deepEqual(await completeOf(begun), [true, true])
  })

  it('takes an answer that nobody asked for without harm', async () => {
    const rounds = new HostRounds()
    rounds.answer(0)
    const begun = [rounds.begin(1)]
    assert.deepEqual(await completeOf(begun), [false])
    rounds.answer(0)
    assert.deepEqual(await completeOf(begun), [true])
  })
})
