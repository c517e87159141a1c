import { MillraceError } from '../../core/model/errors.ts'
import { openFileStore } from '../../platform/system/file-store.ts'
import { openLevelStore } from '../../state/level-store.ts'

/** Child process: prints `opened`, or the code of the error. */
try {
  await openLevelStore(process.argv[2] ?? '', openFileStore())
  console.log('opened')
} catch (error) {
  console.log(error instanceof MillraceError ? error.code : error)
}
