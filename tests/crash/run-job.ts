import { main } from '../../cli/main.ts'

/** The job process of the crash loop: the command line from the sources, whether or not a build is there. */
process.exitCode = await main(process.argv.slice(2))
