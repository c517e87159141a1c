/** Milliseconds of a clock that all threads and processes of a machine share and that is never set. */
export function sharedNow(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1e3 + nanos / 1e6
}

/** CPU time that this thread has used, ms: unlike time on a clock, it does not grow while others have the processor. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e3
}
