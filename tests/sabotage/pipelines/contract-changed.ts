import { contract, int64, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log } from 'millrace/connectors/log'
import { deduplicate, field, filter } from 'millrace/operators'

// The pipeline `everything` after a careless change; the variable says which one.
const isKeyNumber = process.env.MILLRACE_TEST_CHANGE === 'key-type'
const isRegionGone = process.env.MILLRACE_TEST_CHANGE === 'field-gone'

const fields = { id: isKeyNumber ? int64() : string(), cents: int64(), at: timestamp() }
const whole = contract('order', { ...fields, region: string() }, { eventTime: 'at' })
const reduced = contract('order', fields, { eventTime: 'at' })

export default pipeline('everything', ({ from }) => {
  const source = { topic: 'orders', directory: 'log' }
  if (isRegionGone) {
    from('raw', log({ ...source, contract: reduced }))
      .pipe(filter(field('cents').gt(0n)), deduplicate({ key: 'id', ttl: '1h' }))
      .to('table', delta({ path: 'table' }))
    return
  }
  from('raw', log({ ...source, contract: whole }))
    .pipe(filter(field('cents').gt(0n)), deduplicate({ key: 'id', ttl: '1h' }))
    .to('table', delta({ path: 'table', partitionBy: ['region'] }))
})
