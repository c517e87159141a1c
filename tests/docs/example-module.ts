import { type Example, isStep, root } from './docstring-examples.ts'

const IMPORTS: readonly (readonly [names: string, path: string])[] = [
  ['* as millrace', 'core/index.ts'],
  ['* as operators', 'operators/index.ts'],
  ['* as logConnector', 'connectors/log/index.ts'],
  ['{ expressionText }', 'core/model/expression.ts'],
  ['{ failpointFromEnvironment }', 'platform/system/failpoints.ts'],
  ['{ kafka, kafkaClient, kafkaDeadLetters, kafkaTopic }', 'connectors/kafka/index.ts'],
  ['{ delta }', 'connectors/delta/index.ts'],
  ['{ Collected, memorySink, memorySource }', 'connectors/memory/index.ts'],
  ['{ runPipeline, systemPorts }', 'platform/index.ts'],
  ['{ event, order, planExample, planGraph, source }', 'tests/docs/example-world.ts'],
  ['type { Order }', 'tests/docs/example-world.ts'],
]

const HEAD = `import readline from 'node:readline'
const { contract, float64, integer, MillraceError, pipeline, string, timestamp } = millrace
const { count, deduplicate, derive, field, filter, keyBy, literal, map, select, sum, tumbling, utcDate, window } = operators
const { appendLines, deadLetterTopic, log: logSource, logTopic, PartitionedLog, tailTopic } = logConnector
const log = logSource
interface ScriptWorld {
  readonly log: logConnector.PartitionedLog
  readonly ports: ReturnType<typeof systemPorts>
  readonly value: Uint8Array
  readonly print: (value: unknown) => void
}
`

/** A module with a function per example, to be type-checked; `graphs` has those that plan something, by index. */
export function exampleModule(examples: readonly Example[]): string {
  const imports = IMPORTS.map(([names, path]) => `import ${names} from '${new URL(path, root).pathname}'\n`).join('')
  const functions = examples.map((example, index) => `// ${example.path}\n${functionOf(example, index)}\n`)
  const planned = examples.flatMap(({ kind }, index) => (kind === 'script' ? [] : [`  ${index}: example${index},\n`]))
  return `${imports}${HEAD}\n${functions.join('\n')}\nexport const graphs = {\n${planned.join('')}}\n`
}

function functionOf({ kind, statements }: Example, index: number): string {
  if (kind === 'pipeline') {
    return `function example${index}() {\n  return planExample(${statements.join('\n').replace('export default ', '')})\n}`
  }
  if (kind === 'graph') {
    const body = statements.map(graphStatement).join('\n')
    return `function example${index}() {\n  return planGraph(({ from, events, orders, stream, end }) => {\n  {\n${body}\n  }\n  })\n}`
  }
  return `export async function example${index}({ log, ports, value, print }: ScriptWorld) {\n  {\n${statements.join('\n')}\n  }\n}`
}

function graphStatement(statement: string): string {
  if (isStep(statement)) return `end(events.pipe(${statement}))`
  const declared = /^const (\w+) = from\(/.exec(statement)?.[1]
  if (declared !== undefined) return `${statement}\nend(${declared})`
  return statement.startsWith('const ') ? statement : `end(${statement})`
}
