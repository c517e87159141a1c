import { existsSync, rmSync } from 'node:fs'
import { contract, int32, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { deduplicate, filter } from 'millrace/operators'

const order = contract('order', { id: string(), amount: int32(), at: timestamp() }, { eventTime: 'at' })

/** Ends its thread in the middle of a batch, as long as the file `exit` is there; it takes that away. */
export default pipeline('worker-exits-once', ({ from }) => {
  from('raw', log({ topic: 'orders', contract: order, directory: 'log' }))
    .pipe(
      filter(({ amount }) => {
        if (amount === 50 && existsSync('exit')) {
          rmSync('exit')
          process.exit(3)
        }
        return true
      }),
      deduplicate({ key: 'id', ttl: '24h' }),
    )
    .to('table', delta({ path: 'table' }))
})
