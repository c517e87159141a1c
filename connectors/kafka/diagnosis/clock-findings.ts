import { checked, type Finding } from '../../../core/ports/diagnosis.ts'
import { controllerTime, QUORUM_KEY, type TopicPicture } from './cluster-questions.ts'
import { offsetsOf } from './partition-offsets.ts'
import { ask } from './question.ts'
import type { Cluster } from './reach-cluster.ts'
import { AT } from './topic-questions.ts'

/** Compares the clock of this machine with that of the controller, where the cluster runs on KRaft and the user may ask. */
export function lookAtClock(cluster: Cluster, toleranceMs: number): Promise<readonly Finding[]> {
  const { clock } = cluster.ports
  const subject = 'clock'
  return checked({ clock, subject, late: 'MR_KAFKA_UNREACHABLE' }, async () => {
    const { line, offered } = cluster.first
    if ((offered.get(QUORUM_KEY)?.most ?? 0) < 1) return [untold('this Kafka does not tell its time')]
    const before = clock.now()
    const time = await ask(line, controllerTime())
    const after = clock.now()
    if (time === undefined) return [untold('the controller does not tell its time, or not to this user')]
    const doubtMs = Math.ceil((after - before) / 2)
    const aheadMs = Math.round(time - (before + after) / 2)
    const found = `the controller is ${Math.abs(aheadMs)} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine, ± ${doubtMs} ms`
    if (Math.abs(aheadMs) - doubtMs <= toleranceMs) return [{ kind: 'ok', subject, found }]
    return [{ kind: 'warning', subject, found, advice: 'let both follow the same time (NTP)' }]
  })
}

/** Whether a topic holds records of a time that has not come. */
export function lookAtNewest(
  cluster: Cluster,
  topic: TopicPicture,
  of: { readonly values: ReadonlyMap<string, string>; readonly toleranceMs: number },
): Promise<readonly Finding[]> {
  const { clock } = cluster.ports
  const subject = `newest of ${topic.name}`
  return checked({ clock, subject, late: 'MR_KAFKA_UNREACHABLE' }, async () => {
    const newest = await offsetsOf(cluster, topic, AT.newest)
    const time = Math.max(-1, ...[...newest.values()].map(({ timestamp }) => timestamp))
    if (time < 0) return [{ kind: 'ok', subject, found: 'no records yet' }]
    const whose = of.values.get('message.timestamp.type') === 'LogAppendTime' ? 'its broker' : 'its producer'
    const told = `the newest record has the time ${timeText(time)}, from the clock of ${whose}`
    const aheadMs = time - clock.now()
    if (aheadMs <= of.toleranceMs) return [{ kind: 'ok', subject, found: `${told}; not ahead of this machine` }]
    const found = `${told}, which is ${Math.round(aheadMs / 1_000)} s ahead of this machine`
    const advice = `mend the clock of ${whose} or of this machine: where records take their time from it, the watermark runs ahead and later records are late`
    return [{ kind: 'warning', subject, found, advice }]
  })
}

function untold(why: string): Finding {
  return { kind: 'ok', subject: 'clock', found: `not compared: ${why}; see the newest records instead` }
}

/** A producer may have written anything. */
function timeText(time: number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? `${time} ms` : date.toISOString()
}
