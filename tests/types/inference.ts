import { float64, optional, type PipelineScope, type RecordOf, type Stream, string } from '../../core/index.ts'
import {
  avg,
  count,
  deduplicate,
  derive,
  field,
  filter,
  keyBy,
  literal,
  map,
  max,
  select,
  sum,
  tumbling,
  utcDate,
  window,
} from '../../operators/index.ts'
import { event, type Same, sink, source } from './sources.ts'

type RecordIn<S> = S extends Stream<infer T> ? T : never

/** A record type flows through filter and deduplicate unchanged, in both forms. */
export function keepsTheType({ from }: PipelineScope): void {
  const raw = from('raw', source({ contract: event }))
  const kept = raw.pipe(
    filter(field('amount_cents').gt(0)),
    filter((e) => e.amount_cents > 0 && e.user_id !== 5n && e.note?.length !== 3),
    deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
    deduplicate({ key: (e) => e.event_id, ttl: '1h', id: 'again' }),
  )
  const same: Same<RecordIn<typeof kept>, RecordIn<typeof raw>> = true
  const keyed = kept.pipe(keyBy('user_id'))
  const byFunction = kept.pipe(keyBy((e) => [e.region, e.user_id]))
  keyed.to('keyed', sink({ partitionBy: ['region'] }))
  byFunction.to('by-function', sink({ partitionBy: ['region'] }))
  const asContract: Same<RecordIn<typeof raw>['user_id'], bigint | undefined> = same
  kept.to('kept', sink({ partitionBy: asContract ? ['region'] : [] }))
}

/** Derived columns join the type; an expression over an optional field is optional. */
export function addsDerivedFields({ from }: PipelineScope): void {
  const derived = from('raw', source({ contract: event })).pipe(
    derive({
      partition_date: utcDate('event_ts'),
      user: field('user_id'),
      discounted: field('amount_cents').minus(field('discount')),
      mills: field('amount_cents').times(10),
      half: [float64(), (e) => e.amount_cents / 2],
      maybe: [optional(string()), (e) => e.note],
      origin: literal('web'),
      isLarge: field('amount_cents').gt(1000),
    }),
  )
  type More = Omit<RecordIn<typeof derived>, keyof RecordOf<typeof event>>
  const added: Same<
    Pick<
      RecordIn<typeof derived>,
      'partition_date' | 'user' | 'discounted' | 'mills' | 'half' | 'maybe' | 'origin' | 'isLarge'
    >,
    {
      readonly partition_date: string
      readonly user: bigint | undefined
      readonly discounted: number | undefined
      readonly mills: number
      readonly half: number
      readonly maybe: string | undefined
      readonly origin: string
      readonly isLarge: boolean
    }
  > = true
  const before: RecordIn<typeof derived>['event_id'] = 'e1'
  const more: keyof More = 'event_id' as never
  derived
    .pipe(filter((e) => e.partition_date !== before))
    .to(added ? more : 'x', sink({ partitionBy: ['partition_date', 'region'] }))
}

/** map has the type that it declares, select that of its columns. */
export function declaresItsOutput({ from }: PipelineScope): void {
  const raw = from('raw', source({ contract: event }))
  const mapped = raw.pipe(
    map({ id: string(), total: optional(float64()) }, (e) => ({ id: e.event_id, total: e.discount })),
    filter((r) => r.total === undefined || r.total > 2),
  )
  const asDeclared: Same<RecordIn<typeof mapped>, { readonly id: string; readonly total: number | undefined }> = true
  const selected = raw.pipe(
    select({
      id: field('event_id'),
      tenfold: field('discount').times(10),
      upper: [string(), (e) => e.region.toUpperCase()],
    }),
    filter(
      field('tenfold')
        .lt(5)
        .or(field('upper').in(['EU', 'US'])),
    ),
  )
  const asSelected: Same<
    RecordIn<typeof selected>,
    { readonly id: string; readonly tenfold: number | undefined; readonly upper: string }
  > = asDeclared
  selected.to(asSelected ? 'a' : 'b', sink({ partitionBy: ['upper'] }))
}

/** Conditions combine; fields compare with fields; nine steps fit into one pipe. */
export function composes({ from }: PipelineScope): void {
  const raw = from('raw', source({ contract: event }))
  raw
    .pipe(
      filter(field('region').eq(field('source_system')).or(field('note').isNull()).not()),
      filter(field('user_id').gte(5n).and(field('region').startsWith('eu'))),
      filter(field('amount_cents').plus(field('discount')).lt(field('amount_cents'))),
      filter(field('event_ts').lt(1_700_000_000_000)),
      derive({ a: literal(1) }),
      derive({ b: literal(2n) }),
      derive({ c: literal(true) }),
      derive({ d: field('a').plus(1) }),
      filter((e) => e.d > e.a && e.c && e.b > 1n && e.event_id !== ''),
    )
    .to('all', sink({ partitionBy: ['d'] }))
}

/** A window has the fields of the key, its bounds and its aggregates. */
export function windows({ from }: PipelineScope): void {
  const raw = from('raw', source({ contract: event }))
  const perUser = raw.pipe(
    keyBy('user_id'),
    window(tumbling('1m'), {
      orders: count(),
      notes: count('note'),
      total: sum('amount_cents'),
      saved: sum('discount'),
      last: max('event_ts'),
      mean: avg('discount'),
    }),
  )
  const same: Same<
    RecordIn<typeof perUser>,
    {
      readonly user_id: bigint | undefined
      readonly window_start: number
      readonly window_end: number
      readonly orders: number
      readonly notes: number
      readonly total: number
      readonly saved: number | undefined
      readonly last: number
      readonly mean: number | undefined
    }
  > = true
  perUser.to(same ? 'a' : 'b', sink({ partitionBy: ['user_id'] }))
  const perRegion = raw.pipe(keyBy(['region', 'source_system']), window(tumbling('1d'), { n: count() }))
  perRegion.to('c', sink({ partitionBy: ['region', 'source_system'] }))
  // @ts-expect-error there is no such field
  raw.pipe(keyBy('region'), window(tumbling('1m'), { total: sum('amount') }))
  // @ts-expect-error text has no sum
  raw.pipe(keyBy('region'), window(tumbling('1m'), { total: sum('event_id') }))
}
