/** What one folder may import; anything else is a lint error that names the rule. */
export interface ImportRule {
  /** Folder of the rule; `*` stands for any one folder name. */
  readonly folder: string
  /** Number of the rule in docs/ARCHITECTURE.md, "Rooms and who may enter". */
  readonly rule: 1 | 2 | 3 | 4 | 5 | 6 | 7
  /** Our folders open to it, beside itself. */
  readonly ours: readonly string[]
  /** Third-party packages open to it. */
  readonly packages: readonly string[]
  /** Node built-ins open to it, or all of them. */
  readonly builtins: readonly string[] | 'all'
}

const kernel = ['core/model', 'core/ports']
const belowRuntime = [...kernel, 'core/state', 'core/dataflow', 'core/actors', 'core/checkpoint', 'core/observability']
const implementations = ['formats', 'operators', 'connectors', 'state']

/** Built-ins that compute but reach neither files nor network nor processes. */
const pureBuiltins = ['node:path', 'node:url', 'node:util', 'node:process']

/** The rooms and who may enter, most general folder first: for one file the last matching rule holds. */
export const importRules: readonly ImportRule[] = [
  { folder: 'core', rule: 4, ours: [], packages: [], builtins: [] },
  { folder: 'core/model', rule: 1, ours: [], packages: ['@node-rs/crc32'], builtins: [] },
  { folder: 'core/ports', rule: 1, ours: ['core/model'], packages: [], builtins: [] },
  { folder: 'core/state', rule: 1, ours: kernel, packages: [], builtins: [] },
  { folder: 'core/dataflow', rule: 1, ours: kernel, packages: ['zod'], builtins: [] },
  { folder: 'core/actors', rule: 1, ours: kernel, packages: [], builtins: [] },
  { folder: 'core/checkpoint', rule: 1, ours: [...kernel, 'core/state', 'core/actors'], packages: [], builtins: [] },
  { folder: 'core/runtime', rule: 1, ours: belowRuntime, packages: ['rxjs'], builtins: [] },
  { folder: 'core/observability', rule: 1, ours: kernel, packages: [], builtins: [] },
  { folder: 'formats', rule: 2, ours: ['core/model'], packages: [], builtins: [] },
  {
    folder: 'formats/record-batch',
    rule: 2,
    ours: ['core/model', 'formats'],
    packages: ['@platformatic/wasm-utils'],
    builtins: ['node:zlib'],
  },
  {
    folder: 'formats/parquet',
    rule: 2,
    ours: ['core/model', 'formats'],
    packages: ['parquet-wasm', 'apache-arrow', 'hyparquet', 'hyparquet-writer'],
    builtins: [],
  },
  { folder: 'operators', rule: 3, ours: [...kernel, 'core/state'], packages: ['zod'], builtins: [] },
  { folder: 'connectors', rule: 3, ours: [...kernel, 'formats'], packages: ['zod'], builtins: [] },
  { folder: 'connectors/*', rule: 3, ours: [...kernel, 'formats'], packages: ['zod'], builtins: [] },
  // The outbox is no connector: it is what connectors with topics share.
  { folder: 'connectors/log', rule: 3, ours: [...kernel, 'formats', 'connectors/outbox'], packages: [], builtins: [] },
  {
    folder: 'connectors/kafka',
    rule: 3,
    ours: [...kernel, 'formats', 'connectors/outbox'],
    packages: [],
    builtins: [],
  },
  {
    folder: 'connectors/kafka/platformatic',
    rule: 3,
    ours: [...kernel, 'formats', 'connectors/kafka'],
    packages: ['@platformatic/kafka'],
    // No I/O: it says how the package is loaded.
    builtins: ['node:module'],
  },
  {
    folder: 'connectors/kafka/kafkajs',
    rule: 3,
    ours: [...kernel, 'formats', 'connectors/kafka'],
    packages: ['kafkajs'],
    builtins: [],
  },
  { folder: 'state', rule: 3, ours: [...kernel, 'core/state'], packages: ['level', 'msgpackr'], builtins: [] },
  {
    folder: 'platform',
    rule: 5,
    ours: ['core', ...implementations],
    packages: ['rxjs', 'zod', 'piscina'],
    builtins: 'all',
  },
  {
    folder: 'cli',
    rule: 5,
    ours: ['platform', 'core', ...implementations],
    packages: ['commander', 'zod'],
    builtins: pureBuiltins,
  },
  { folder: 'examples/*', rule: 7, ours: [], packages: ['millrace'], builtins: 'all' },
  {
    folder: 'examples/flights',
    rule: 7,
    ours: [],
    packages: ['millrace', 'hyparquet', 'vega-datasets'],
    builtins: 'all',
  },
  { folder: 'benchmarks', rule: 7, ours: ['examples/events-curated'], packages: ['millrace'], builtins: 'all' },
  // Other clients are measured beside ours.
  {
    folder: 'benchmarks/processes/kafka',
    rule: 7,
    ours: ['benchmarks', 'examples/events-curated'],
    packages: ['millrace', 'kafkajs', '@platformatic/kafka', '@platformatic/wasm-utils'],
    builtins: 'all',
  },
  // What a run wrote is read by readers that are not ours.
  {
    folder: 'benchmarks/tables',
    rule: 7,
    ours: ['benchmarks', 'tests/interop'],
    packages: ['millrace'],
    builtins: 'all',
  },
  // Microbenchmarks measure pieces that are not public, and what others make of the same records.
  {
    folder: 'benchmarks/micro',
    rule: 7,
    ours: [
      'benchmarks',
      'examples/events-curated',
      'core',
      'formats',
      'connectors/delta',
      'connectors/outbox',
      'platform/system',
    ],
    packages: ['millrace', 'zod'],
    builtins: 'all',
  },
]
