import type { TaskReport } from '../../checkpoint/task-report.ts'
import type { ConnectorPorts } from '../../ports/connector-ports.ts'
import type { Failpoint } from '../../ports/failpoint.ts'
import type { Scheduler } from '../../ports/scheduler.ts'
import type { PeerMessage } from '../exchange/peer-messages.ts'
import type { ExecutionPlan } from '../execution-plan.ts'
import type { SpillClient } from './spill-client.ts'
import type { StateMemory } from './state-memory.ts'

/** Everything that the tasks of one worker share. */
export interface TaskContext {
  readonly plan: ExecutionPlan
  readonly worker: number
  readonly workers: number
  readonly generation: number
  readonly keyGroups: number
  readonly hashSeed: number
  /** Split ids by the index that system columns carry. */
  readonly splits: readonly string[]
  /** Directory for outbox segments. */
  readonly outbox: string
  readonly connectors: ConnectorPorts
  readonly scheduler: Scheduler
  readonly failpoint: Failpoint
  /** The first epoch of this generation. */
  readonly firstEpoch: number
  /** What `ctx.now()` gives throughout an epoch; known once the barrier before it came. */
  readonly nowOf: (epoch: number) => number
  /** Hands a message to the worker `to`, which may be this one. */
  readonly send: (to: number, message: PeerMessage, transfer: readonly ArrayBuffer[]) => void
  readonly memory: StateMemory
  readonly spill: SpillClient
  readonly report: (report: TaskReport) => void
  /** A task failed: nothing more of this worker counts. */
  readonly fail: (error: unknown) => void
}
