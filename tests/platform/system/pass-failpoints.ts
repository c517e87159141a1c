import { writeSync } from 'node:fs'
import { failpointFromEnvironment } from '../../../platform/system/failpoints.ts'

/** Child process: passes one failpoint ten times and prints each pass. */
const failpoint = failpointFromEnvironment(process.env)
for (let i = 1; i <= 10; i++) {
  failpoint('P4-manifest-created')
  writeSync(1, `${i}\n`)
}
