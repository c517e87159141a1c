import { Collected, memorySink, memorySource } from '../../connectors/memory/index.ts'
import { planOf } from '../../core/dataflow/plan-of.ts'
import { Stream } from '../../core/dataflow/stream.ts'
import {
  contract,
  int64,
  integer,
  optional,
  type Pipeline,
  type PipelineScope,
  pipeline,
  string,
  timestamp,
} from '../../core/index.ts'

/** The contract of `event` and `events` in examples. */
export const event = contract(
  'event',
  {
    event_id: string(),
    order_id: string(),
    user_id: optional(int64()),
    event_ts: timestamp(),
    region: string(),
    amount_cents: integer(),
  },
  { eventTime: 'event_ts' },
)

/** The contract of `order`. */
export const order = contract('order', { id: string(), cents: integer() })

export interface Order {
  readonly id: string
  readonly cents: number
}

/** Records of `event`, as `source` in examples. */
export const source = memorySource({ contract: event, splits: [[]] })

const partitioned = contract('partitioned', { id: string(), day: string(), region: string() })

/** What the statements of a graph find: streams, and `end`, which gives a stream a sink. */
export interface GraphWorld extends Pick<PipelineScope, 'from'> {
  readonly events: ReturnType<typeof eventsOf>
  readonly orders: ReturnType<typeof ordersOf>
  readonly stream: ReturnType<typeof streamOf>
  readonly end: (stream: unknown) => void
}

const eventsOf = ({ from }: PipelineScope) => from('world-events', source)
const ordersOf = ({ from }: PipelineScope) =>
  from('world-orders', memorySource({ contract: partitioned, splits: [[]] }))
const streamOf = ({ from }: PipelineScope) => from('world-stream', memorySource({ contract: order, splits: [[]] }))

/** Plans the statements of a graph; throws what is wrong with them. */
export function planGraph(build: (world: GraphWorld) => void): readonly string[] {
  return planExample(
    pipeline('example', (scope) => {
      let ends = 0
      const end = (stream: unknown): void => {
        if (stream instanceof Stream) stream.to(`end-${ends++}`, memorySink({ into: new Collected<unknown>() }))
      }
      const [events, orders, stream] = [eventsOf(scope), ordersOf(scope), streamOf(scope)]
      for (const each of [events, orders, stream]) end(each)
      build({ from: scope.from, events, orders, stream, end })
    }),
  )
}

/** Plans a pipeline and answers the ids of what it holds beside the streams of this world. */
export function planExample(example: Pipeline): readonly string[] {
  return planOf(example)
    .nodes.map((node) => node.id)
    .filter((id) => !id.startsWith('world-') && !/^end-[012]$/.test(id))
}
