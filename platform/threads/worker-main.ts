import { encodeError } from '../../core/model/errors.ts'
import type { Link } from '../../core/ports/transport.ts'
import type { HostCommand, HostEvent } from '../../core/runtime/host-messages.ts'
import { TaskHost } from '../../core/runtime/task/task-host.ts'
import { loadPipeline } from '../load-pipeline.ts'
import { planPipeline } from '../plan-pipeline.ts'
import { FAILPOINT_VARIABLE, failpointFromEnvironment } from '../system/failpoints.ts'
import { systemPorts } from '../system/system-ports.ts'
import { systemScheduler } from '../system/system-scheduler.ts'
import { messagePortLink } from './message-port-link.ts'
import { keepCompiledModules } from './module-cache.ts'
import { portLogger } from './port-logger.ts'
import type { WorkerTask } from './worker-task.ts'

/**
 * The one long-lived task of a thread of the pool: builds the plan from the same module as the main thread and runs its
 * part of it. Resolves when the main thread asked it to stop.
 */
export default async function runWorker(task: WorkerTask): Promise<void> {
  keepCompiledModules()
  const stopped = Promise.withResolvers<void>()
  const control: Link<HostCommand, HostEvent> = messagePortLink(task.control, (error) => fail(control, error))
  try {
    await startHost(task, control, stopped.resolve)
  } catch (error) {
    fail(control, error)
    control.onMessage((command) => {
      if (command.kind === 'stop') stopped.resolve()
    })
  }
  await stopped.promise
}

async function startHost(
  task: WorkerTask,
  control: Link<HostCommand, HostEvent>,
  onStopped: () => void,
): Promise<TaskHost> {
  const pipeline = await loadPipeline(task.module)
  const plan = planPipeline(pipeline)
  const logger = portLogger(task.log)
  return new TaskHost({
    plan,
    connectors: systemPorts({ pipeline: pipeline.name, logger }),
    scheduler: systemScheduler(),
    failpoint: failpointFromEnvironment({ [FAILPOINT_VARIABLE]: task.failpoints }),
    control,
    peers: task.peers.map((port) =>
      port === null ? undefined : messagePortLink(port, (error) => fail(control, error)),
    ),
    onStopped,
  })
}

function fail(control: Link<HostCommand, HostEvent>, error: unknown): void {
  control.send({ kind: 'failed', error: encodeError(error) })
}
