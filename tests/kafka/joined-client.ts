// Imported first by every process and thread of the tests with `--joined`: the package of the Kafka client comes from the one file that the
// build makes of it, which `JOINED_KAFKA_CLIENT` names.
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const joined = process.env.JOINED_KAFKA_CLIENT
if (joined === undefined) throw new Error('JOINED_KAFKA_CLIENT is not set')
const url = pathToFileURL(joined).href

registerHooks({
  resolve: (specifier, context, next) => {
    const isOfClient = context.parentURL?.includes('/connectors/kafka/platformatic/') === true
    return isOfClient && specifier === './package.ts'
      ? { url, format: 'module', shortCircuit: true }
      : next(specifier, context)
  },
})
