import { contract, int32, type OperatorFunction, pipeline, string, timestamp } from 'millrace'
import { delta } from 'millrace/connectors/delta'
import { log, logTopic } from 'millrace/connectors/log'
import { field, filter, keyBy, map, select } from 'millrace/operators'

// The query of the module's address says which step cannot cope with the order "poison", and whether that was mended.
const asked = new URL(import.meta.url).searchParams
const isMended = asked.has('mended')

const fields = { id: string(), parts: int32(), at: timestamp() }

interface Order {
  readonly id: string
  readonly parts: number
  readonly at: number
}

function cope<T>(id: string, good: T, poisoned: () => T): T {
  return id === 'poison' && !isMended ? poisoned() : good
}

function fail(): never {
  throw new Error('cannot cope with this')
}

const steps: Readonly<Record<string, OperatorFunction<Order, Order>>> = {
  filter: filter(({ id }) => cope(id, true, fail), { id: 'step' }),
  map: map(fields, (order) => ({ ...order, parts: cope(order.id, order.parts, fail) }), { id: 'step' }),
  'value of map': map(fields, (order) => ({ ...order, parts: cope(order.id, order.parts, () => 0.5) }), { id: 'step' }),
  select: select(
    { id: [string(), ({ id }) => cope(id, id, fail)], parts: field('parts'), at: field('at') },
    { id: 'step' },
  ),
  key: keyBy(({ id }) => cope(id, id, fail), { id: 'step' }),
  'value of key': keyBy(({ id }) => cope(id, id, () => ({}) as never), { id: 'step' }),
}

export default pipeline('poison-step', ({ from }) => {
  const source = log({ topic: 'orders', contract: contract('order', fields, { eventTime: 'at' }), directory: 'log' })
  const orders = from('raw', source).pipe(steps[asked.get('step') ?? '']!)
  orders.to('table', delta({ path: 'table' }))
  orders.to('copy', logTopic({ topic: 'copy', directory: 'log' }))
})
