import { type FileStore, parentOf } from '../../core/ports/file-store.ts'

/** Makes a directory with its parents so that their names survive a power loss. */
export async function makeDurableDirectory(files: FileStore, directory: string): Promise<void> {
  const parent = parentOf(directory)
  if (parent === directory) return
  const name = directory.slice(directory.lastIndexOf('/') + 1)
  if ((await files.list(parent)).includes(name)) return
  await makeDurableDirectory(files, parent)
  await files.makeDirectory(directory)
  await files.syncDirectory(parent)
}
