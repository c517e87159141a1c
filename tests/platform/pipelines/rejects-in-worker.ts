import { contract, int32, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { filter } from 'millrace/operators'

const order = contract('order', { id: string(), amount: int32(), at: timestamp() }, { eventTime: 'at' })

const lost: Promise<never>[] = []

/** Leaves a promise that rejects to nobody. */
export default pipeline('rejects-in-worker', ({ from }) => {
  from('raw', log({ topic: 'orders', contract: order, directory: 'log' }))
    .pipe(
      filter(({ amount }) => {
        if (amount === 50) lost.push(Promise.reject(new Error('nobody caught this')))
        return true
      }),
    )
    .to('table', delta({ path: 'table' }))
})
