import { MillraceError } from '../../../core/model/errors.ts'
import { type FileStore, parentOf } from '../../../core/ports/file-store.ts'

/** What a call of the store did, for a hook: throwing there is a crash before the call takes effect. */
export type FileCall = keyof FileStore

/** A file store in memory: every call takes a turn of the event loop, so that users interleave. */
export interface MemoryFiles extends FileStore {
  /** Content by path; tests may look and damage. */
  readonly content: Map<string, Uint8Array>
  /** Calls that change something, in order, as `call path`. */
  readonly changes: string[]
  /** Called before each call takes effect. */
  hook: (call: FileCall, path: string) => void | Promise<void>
}

export function memoryFiles(): MemoryFiles {
  const content = new Map<string, Uint8Array>()
  const changes: string[] = []
  const turn = async (call: FileCall, path: string): Promise<void> => {
    await Promise.resolve()
    await files.hook(call, path)
  }
  const change = async (call: FileCall, path: string): Promise<void> => {
    await turn(call, path)
    changes.push(`${call} ${path}`)
  }
  const files: MemoryFiles = {
    content,
    changes,
    hook: () => undefined,
    ...readers(content, turn),
    ...writers(content, change),
  }
  return files
}

type Turn = (call: FileCall, path: string) => Promise<void>
type Reading = 'read' | 'size' | 'modifiedAt' | 'list' | 'sync' | 'syncDirectory' | 'makeDirectory' | 'lock'

function found(content: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const bytes = content.get(path)
  if (bytes === undefined) throw new MillraceError('MR_FILE_MISSING', `${path} does not exist`)
  return bytes
}

function readers(content: Map<string, Uint8Array>, turn: Turn): Pick<FileStore, Reading> {
  return {
    async read(path, range) {
      await turn('read', path)
      return found(content, path).slice(
        range?.offset ?? 0,
        range === undefined ? undefined : range.offset + range.length,
      )
    },
    async size(path) {
      await turn('size', path)
      return content.get(path)?.length
    },
    async modifiedAt(path) {
      await turn('modifiedAt', path)
      return content.has(path) ? 0 : undefined
    },
    async list(directory) {
      await turn('list', directory)
      const below = [...content.keys()].filter((path) => path.startsWith(`${directory}/`))
      return [...new Set(below.map((path) => path.slice(directory.length + 1).split('/')[0] ?? ''))].sort()
    },
    async sync(path) {
      await turn('sync', path)
      found(content, path)
    },
    syncDirectory: (directory) => turn('syncDirectory', directory),
    makeDirectory: (directory) => turn('makeDirectory', directory),
    async lock(directory) {
      await turn('lock', parentOf(directory))
      return { release: async () => undefined }
    },
  }
}

function writers(content: Map<string, Uint8Array>, change: Turn): Omit<FileStore, Reading> {
  return {
    async write(path, bytes) {
      await change('write', path)
      content.set(path, bytes.slice())
    },
    async append(path, bytes) {
      await change('append', path)
      content.set(path, Uint8Array.from([...(content.get(path) ?? []), ...bytes]))
    },
    async truncate(path, size) {
      await change('truncate', path)
      content.set(path, found(content, path).slice(0, size))
    },
    async link(from, to) {
      await change('link', to)
      if (content.has(to)) return 'exists'
      content.set(to, found(content, from))
      return 'linked'
    },
    async rename(from, to) {
      await change('rename', to)
      content.set(to, found(content, from))
      content.delete(from)
    },
    async remove(path) {
      await change('remove', path)
      content.delete(path)
    },
  }
}
