import { openFileStore } from '../../../platform/system/file-store.ts'

/** Child process: takes the lock of a directory and holds it until killed; prints `held` or `busy`. */
const lock = await openFileStore().lock(process.argv[2] ?? '')
if (lock === undefined) console.log('busy')
else {
  process.stdout.write('held\n')
  setInterval(() => lock, 60_000)
}
