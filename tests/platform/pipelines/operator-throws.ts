import { contract, int32, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { filter } from 'millrace/operators'

const order = contract('order', { id: string(), amount: int32(), at: timestamp() }, { eventTime: 'at' })

export default pipeline('operator-throws', ({ from }) => {
  from('raw', log({ topic: 'orders', contract: order, directory: 'log' }))
    .pipe(
      filter(
        ({ amount }) => {
          if (amount === 50) throw new RangeError('fifty is too much')
          return true
        },
        { id: 'judge' },
      ),
    )
    .to('table', delta({ path: 'table' }))
})
