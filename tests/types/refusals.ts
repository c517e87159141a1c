import { float64, type PipelineScope, string } from '../../core/index.ts'
import { deduplicate, derive, field, filter, keyBy, map, select, utcDate } from '../../operators/index.ts'
import { event, sink, source } from './sources.ts'

/** Each line below must be a type error; the compiler complains where one is not. */
export function refuses({ from }: PipelineScope): void {
  const raw = from('raw', source({ contract: event }))
  // @ts-expect-error there is no such field
  raw.pipe(filter(field('amunt_cents').gt(0)))
  const behind = raw.pipe(filter((e) => e.amount_cents > 0))
  // @ts-expect-error there is no such field, behind a step that is right
  behind.pipe(filter(field('amunt_cents').gt(0)))
  // @ts-expect-error a number is no text
  raw.pipe(filter(field('amount_cents').gt('0')))
  // @ts-expect-error an integer is number, not bigint
  raw.pipe(filter(field('amount_cents').gt(0n)))
  // @ts-expect-error an int64 is bigint, not number
  raw.pipe(filter(field('user_id').eq(5)))
  // @ts-expect-error a number does not begin with text
  raw.pipe(filter(field('amount_cents').startsWith('1')))
  // @ts-expect-error text cannot be calculated with
  raw.pipe(filter(field('region').times(2).gt(1)))
  // @ts-expect-error a list of the wrong type
  raw.pipe(filter(field('region').in([1, 2])))
  // @ts-expect-error one half of the condition names no field
  raw.pipe(filter(field('region').eq('eu').and(field('reason').eq('x'))))
  // @ts-expect-error a field is no condition
  raw.pipe(filter(field('region')))
  // @ts-expect-error the record of a function has no such property
  raw.pipe(filter((e) => e.amunt_cents > 0))
  // @ts-expect-error a function of filter returns a boolean
  raw.pipe(filter((e) => e.amount_cents))
  // @ts-expect-error a key names no field
  raw.pipe(deduplicate({ key: ['event_id', 'sourcesystem'], ttl: '1h' }))
  // @ts-expect-error a key function reads no field
  raw.pipe(deduplicate({ key: (e) => e.evnt_id, ttl: '1h' }))
  // @ts-expect-error a key names no field
  raw.pipe(keyBy('user'))
  // @ts-expect-error one of the keys names no field
  raw.pipe(keyBy(['user_id', 'regin']))
  // @ts-expect-error a key function reads no field
  raw.pipe(keyBy((e) => e.user))
  // @ts-expect-error there is no such field
  raw.pipe(derive({ day: utcDate('event_tz') }))
  // @ts-expect-error text is no timestamp
  raw.pipe(derive({ day: utcDate('region') }))
  // @ts-expect-error a number does not fit a text field
  raw.pipe(derive({ a: [string(), (e) => e.amount_cents] }))
  // @ts-expect-error the record of a function has no such property
  raw.pipe(derive({ a: [float64(), (e) => e.amunt_cents] }))
  // @ts-expect-error there is no such field
  raw.pipe(select({ id: field('evnt_id') }))
  // @ts-expect-error a number does not fit the declared text
  raw.pipe(map({ id: string() }, (e) => ({ id: e.amount_cents })))
  // @ts-expect-error a declared field is missing
  raw.pipe(map({ id: string() }, (e) => ({ name: e.region })))
  // @ts-expect-error an optional field does not fit a required one
  raw.pipe(map({ id: string() }, (e) => ({ id: e.note })))
  const mapped = raw.pipe(map({ id: string() }, (e) => ({ id: e.region })))
  // @ts-expect-error after map only the declared fields are there
  mapped.pipe(filter(field('region').eq('eu')))
  // @ts-expect-error a partition column names no field
  raw.to('out', sink({ partitionBy: ['partition_date'] }))
}
