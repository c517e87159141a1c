import { existsSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { contract, int32, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'

const order = contract('order', { id: string(), amount: int32(), at: timestamp() }, { eventTime: 'at' })

/** Throws on the main thread, where nobody catches it, once the job has written its status. */
function throwOnceItRuns(): void {
  if (existsSync('.millrace/main-throws-later/status.json')) throw new Error('thrown on the main thread')
  setTimeout(throwOnceItRuns, 10)
}

if (isMainThread) setTimeout(throwOnceItRuns, 10)

export default pipeline('main-throws-later', ({ from }) => {
  from('raw', log({ topic: 'orders', contract: order, directory: 'log' })).to('table', delta({ path: 'table' }))
})
