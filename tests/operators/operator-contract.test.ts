import { type Contract, optional, string } from '../../core/model/contract.ts'
import type { OperatorFunction } from '../../core/ports/operator.ts'
import {
  avg,
  count,
  deduplicate,
  derive,
  field,
  filter,
  type KeyedBy,
  keyBy,
  literal,
  map,
  max,
  min,
  select,
  sum,
  tumbling,
  utcDate,
  window,
} from '../../operators/index.ts'
import { operatorSuite } from './operator-suite.ts'
import { order, orderFields } from './order-schema.ts'

type RecordOfContract<C> = C extends Contract<infer T> ? T : never
type Order = RecordOfContract<typeof order>

const cases: Readonly<Record<string, OperatorFunction<Order, unknown>>> = {
  'filter with an expression': filter<Order>(field('discount').gt(0).or(field('region').startsWith('eu'))),
  'filter with a function': filter<Order>((o) => o.region === 'eu' || o.cents > 0),
  'derive with expressions': derive<Order, unknown>({
    partition_date: utcDate('at'),
    seen_date: utcDate('seen'),
    total: field('count').plus(field('discount')),
    source: literal('web'),
    isLarge: field('cents').gt(1),
    copy: field('price'),
  }),
  'derive with functions': derive<Order, { readonly a: string; readonly b: string | undefined }>({
    a: [string(), (o) => `${o.id}!`],
    b: [optional(string()), (o) => o.region],
  }),
  select: select<Order, unknown>({ key: field('id'), half: field('weight').times(0.5) }),
  map: map({ id: string(), region: optional(string()) }, (o: Order) => ({ id: o.id, region: o.region })),
  'key-by': keyBy<Order>(['region', 'user']),
  deduplicate: deduplicate<Order>({ key: ['region', 'count'], ttl: 10 }),
}

const byRegion = { kind: 'fields', names: ['region', 'count'] } as const

operatorSuite('window', {
  schema: order.schema,
  operator: window<Order & KeyedBy<Pick<Order, 'region' | 'count'>>, unknown>(
    tumbling(7),
    {
      n: count(),
      total: sum('discount'),
      user: max('user'),
      first: min('at'),
      weight: avg('weight'),
    },
    { lateness: 3 },
  ),
  key: byRegion,
  fields: orderFields,
})

for (const [title, operator] of Object.entries(cases)) {
  operatorSuite(title, { schema: order.schema, operator, fields: orderFields })
}
