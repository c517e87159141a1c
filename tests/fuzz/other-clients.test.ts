import { test } from 'node:test'
import { COMPARISONS } from './other-clients.ts'

const RUNS = 200

for (const [name, compare] of Object.entries(COMPARISONS)) test(name, () => compare(RUNS))
