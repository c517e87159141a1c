#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const neededNode = [22, 22]
const sourceCondition = 'millrace-source'
const builtMain = new URL('../dist/cli/main.js', import.meta.url)
const sourceMain = new URL('../cli/main.ts', import.meta.url)

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < neededNode[0] || (major === neededNode[0] && minor < neededNode[1])) {
  process.stderr.write(`millrace needs Node.js ${neededNode.join('.')} or newer; this is ${process.versions.node}\n`)
  process.exitCode = 2
} else if (existsSync(builtMain)) {
  await run(builtMain)
} else if (process.execArgv.includes(sourceCondition)) {
  await run(sourceMain)
} else {
  runUnbuilt()
}

async function run(url) {
  // Before anything is imported. Does nothing where it has no directory to write.
  module.enableCompileCache()
  const { main } = await import(url.href)
  process.exitCode = await main(process.argv.slice(2))
}

/** In the repository the package's own name leads to its sources only under this condition, so Node starts again with it. */
function runUnbuilt() {
  const args = ['-C', sourceCondition, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  // A terminal sends SIGINT to the child too; a second one would count as a second request.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal]
  })
}
