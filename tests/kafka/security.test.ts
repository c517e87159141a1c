import { after } from 'node:test'
import { KafkaFixture } from './kafka-fixture.ts'
import { forbiddenTests } from './security/forbidden.ts'
import { jobTests } from './security/jobs.ts'
import { mechanismTests } from './security/mechanisms.ts'
import { refusalTests } from './security/refusals.ts'
import { SecureBroker } from './security/secure-broker.ts'
import { sessionTests } from './security/sessions.ts'

// A broker of its own, which asks who comes.
const secure = await SecureBroker.start()
const fixture = new KafkaFixture(secure.broker.bootstrap)
after(async () => {
  await fixture.close()
  await secure.stop()
})

// A new broker makes the topic of groups when it is first asked for one.
await fixture.groupsAreReady()

mechanismTests(secure, fixture)
refusalTests(secure, fixture)
forbiddenTests(secure, fixture)
sessionTests(secure, fixture)
jobTests(secure, fixture)
