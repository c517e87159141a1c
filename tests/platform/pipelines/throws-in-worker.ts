import { isMainThread } from 'node:worker_threads'
import orders from './orders.ts'

if (!isMainThread) throw new Error('not on this thread')

/** Loads on the main thread only. */
export default orders
