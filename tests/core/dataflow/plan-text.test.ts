import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mermaid } from '../../../core/dataflow/mermaid.ts'
import { pipeline } from '../../../core/dataflow/pipeline.ts'
import { planDigest } from '../../../core/dataflow/plan-digest.ts'
import { planOf } from '../../../core/dataflow/plan-of.ts'
import { planText } from '../../../core/dataflow/plan-text.ts'
import { deduplicate, derive, field, filter, keyBy, select, utcDate } from '../../../operators/index.ts'
import { event, fakeSink, fakeSource } from './fake-connectors.ts'

const plan = planOf(
  pipeline(
    'events-curated',
    ({ from }) => {
      const events = from('raw', fakeSource('events', event)).pipe(
        filter(field('amount_cents').gt(0)),
        deduplicate({ key: ['event_id', 'source_system'], ttl: '24h' }),
        derive({ partition_date: utcDate('event_ts') }),
      )
      events.to('curated', fakeSink('warehouse/curated'))
      events
        .pipe(
          keyBy((e) => `<${e.region}>`),
          select({ user: field('user_id') }),
        )
        .to('users', fakeSink('warehouse/users'))
    },
    { version: '3' },
  ),
)

describe('planText', () => {
  it('shows a tree with ids, operators, stages, exchanges and what each step adds, in aligned columns', () => {
    assert.equal(
      planText(plan),
      `pipeline events-curated, version 3, 256 key groups, digest ${planDigest(plan)}

raw                          from log                stage 0  event: event_id string, source_system string, user_id int64?, event_ts timestamp, region string, amount_cents integer
├─ raw-filter-1              filter                  stage 0
│  └─ raw-deduplicate-1      deduplicate (stateful)  stage 1  exchange by event_id, source_system
│     └─ raw-derive-1        derive                  stage 1  adds partition_date date
│        ├─ curated          to delta                stage 1
│        └─ raw-key-by-1     key-by                  stage 2  exchange by (e) => \`<\${e.region}>\`
│           └─ raw-select-1  select                  stage 2  gives user int64?
│              └─ users      to delta                stage 2
└─ raw-dead-letters          dead letters to log
`,
    )
  })
})

describe('mermaid', () => {
  it('draws the plan as a flowchart and escapes what would break it', () => {
    assert.equal(
      mermaid(plan),
      `flowchart LR
  n0[("raw<br/>log")]
  n1[["raw-dead-letters<br/>log"]]
  n2["raw-filter-1<br/>filter"]
  n3[/"raw-deduplicate-1<br/>deduplicate"/]
  n4["raw-derive-1<br/>derive"]
  n5[["curated<br/>delta"]]
  n6["raw-key-by-1<br/>key-by"]
  n7["raw-select-1<br/>select"]
  n8[["users<br/>delta"]]
  n0 -.-> n1
  n0 --> n2
  n2 == "event_id, source_system" ==> n3
  n3 --> n4
  n4 --> n5
  n4 == "(e) =#62; \`#60;$\{e.region}#62;\`" ==> n6
  n6 --> n7
  n7 --> n8
`,
    )
  })
})
