import { pipeline } from 'millrace'
import { log } from 'millrace/connectors/log'
import { event } from '../../simulation/event-contract.ts'
import { curate, OUT_OF_ORDERNESS } from './curated.ts'

const source = log({ topic: 'events', contract: event, outOfOrderness: OUT_OF_ORDERNESS })

export default pipeline('curated', ({ from }) => curate(from('raw', source)))
