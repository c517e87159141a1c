export { Collected } from './collected.ts'
export { MemoryTopic } from './memory-topic.ts'
export { memoryDeadLetters, memorySink } from './sink.ts'
export { type MemorySourceOptions, memorySource } from './source.ts'
